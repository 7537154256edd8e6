//! What is kept of a pod, and what a request may use of it.

use std::{ffi::CString, fs::File, io, sync::Arc};

use rustix::{
    fs::{AtFlags, CWD, Stat, statat},
    io::Errno,
};

use crate::{
    line::target::{ContainerName, LogName},
    source::files::{
        directory::{
            layout::PodDirectory,
            listed::{ListedFile, ListedFiles},
        },
        storage::{
            file_status::{FileStatus, FileVersion},
            log_file::LogFile,
        },
    },
};

/// The only incarnation of a pod, with the logs of its containers.
#[derive(Debug)]
pub(crate) struct KeptPod {
    pub(crate) name: Arc<PodDirectory>,
    /// All that the pod's directory lists, sorted.
    pub(crate) containers: Arc<Vec<ContainerName>>,
    /// Of those containers that may be kept.
    pub(super) logs: Vec<KeptLog>,
}

/// The files of a container.
#[derive(Debug)]
pub(super) struct KeptLog {
    pub(super) name: Arc<LogName>,
    pub(super) listed: ListedFiles,
    /// Of each listed file the open one.
    pub(super) files: Vec<KeptFile>,
}

/// An open file.
#[derive(Debug)]
pub(super) struct KeptFile {
    /// From the file system's root on.
    pub(super) path: CString,
    pub(super) file: Arc<File>,
    pub(super) identity: FileIdentity,
}

/// What must not have changed if an open file is to stand for its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
    /// With the kind of file.
    mode: u32,
    owner: u32,
    group: u32,
}

impl From<&Stat> for FileIdentity {
    fn from(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            mode: stat.st_mode,
            owner: stat.st_uid,
            group: stat.st_gid,
        }
    }
}

impl KeptFile {
    /// What there is of the file at this moment; `None` if its path leads elsewhere by now.
    fn check(&self) -> Option<FileStatus> {
        let stat = statat(CWD, &*self.path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        (FileIdentity::from(&stat) == self.identity).then(|| FileStatus::from(&stat))
    }
}

/// Which files of a log a request may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantedRuns {
    Last,
    All,
}

impl KeptPod {
    /// How many descriptors it holds.
    pub(super) fn descriptors(&self) -> usize {
        self.logs.iter().map(|log| log.files.len()).sum()
    }

    /// Looks at the files of these containers, which are all that is asked for. `None` if one is not
    /// kept, or a path leads to another file by now.
    pub(crate) fn check(
        self: &Arc<Self>,
        containers: &[ContainerName],
        wanted: WantedRuns,
    ) -> Option<CheckedPod> {
        let logs = containers.iter().map(|container| {
            let index = self.logs.iter().position(|log| log.name.container == *container)?;
            Some(CheckedLog { index, statuses: self.logs[index].check(wanted)? })
        });
        let logs = logs.collect::<Option<_>>()?;
        Some(CheckedPod { pod: self.clone(), logs })
    }
}

impl KeptLog {
    fn check(&self, wanted: WantedRuns) -> Option<Vec<Option<FileStatus>>> {
        let last_run = self.listed.last().map(|file| file.parsed.restart);
        let files = self.listed.iter().zip(&self.files);
        let check = |(listed, file): (&ListedFile, &KeptFile)| {
            let is_wanted = wanted == WantedRuns::All || Some(listed.parsed.restart) == last_run;
            if is_wanted { file.check().map(Some) } else { Some(None) }
        };
        files.map(check).collect()
    }
}

/// A pod as one request found it.
#[derive(Debug)]
pub(crate) struct CheckedPod {
    pod: Arc<KeptPod>,
    logs: Vec<CheckedLog>,
}

#[derive(Debug)]
struct CheckedLog {
    /// Which of the pod's logs.
    index: usize,
    /// Of each of its files, if it was looked at.
    statuses: Vec<Option<FileStatus>>,
}

impl CheckedPod {
    pub(crate) fn name(&self) -> &Arc<PodDirectory> {
        &self.pod.name
    }

    /// The log of a container, if it was checked.
    pub(crate) fn log_name(&self, container: &ContainerName) -> Option<Arc<LogName>> {
        Some(self.log(container).ok()?.0.name.clone())
    }

    pub(crate) fn containers(&self) -> Arc<Vec<ContainerName>> {
        self.pod.containers.clone()
    }

    /// The files of a container, sorted by run and name.
    ///
    /// # Errors
    /// For a container that was not checked: nothing is known of it.
    pub(crate) fn list(&self, container: &ContainerName) -> io::Result<ListedFiles> {
        Ok(self.log(container)?.0.listed.clone())
    }

    /// The file as it was checked.
    ///
    /// # Errors
    /// For a file that was not: nothing is known of it.
    pub(crate) fn open(
        &self,
        container: &ContainerName,
        listed: &ListedFile,
        run: u64,
    ) -> io::Result<LogFile> {
        let (log, checked) = self.log(container)?;
        let place = log.listed.iter().position(|other| other == listed).ok_or(NOT_CHECKED)?;
        let status = checked.statuses[place].ok_or(NOT_CHECKED)?;
        let file = log.files[place].file.clone();
        Ok(LogFile::at(file, status, listed.parsed.is_compressed(), run))
    }

    /// The versions of the rotated files that were looked at, log by log.
    pub(crate) fn rotated(&self) -> impl Iterator<Item = Vec<FileVersion>> {
        self.logs.iter().map(|checked| {
            let files = self.pod.logs[checked.index].listed.iter().zip(&checked.statuses);
            let rotated = files.filter(|(listed, _)| !listed.parsed.is_current());
            rotated.filter_map(|(_, status)| Some(status.as_ref()?.version())).collect()
        })
    }

    fn log(&self, container: &ContainerName) -> io::Result<(&KeptLog, &CheckedLog)> {
        let logs = self.logs.iter().map(|checked| (&self.pod.logs[checked.index], checked));
        let found = logs.into_iter().find(|(log, _)| log.name.container == *container);
        Ok(found.ok_or(NOT_CHECKED)?)
    }
}

/// Whether there is such a file is not known, so it is never taken for one that is gone.
const NOT_CHECKED: Errno = Errno::STALE;
