//! The log directory of one incarnation of a pod.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use chrono::{DateTime, Utc};
use rustix::fs::{MemfdFlags, memfd_create};

use super::{
    beneath::{self, LinkTarget},
    docker,
    kept::kept_pod::CheckedPod,
    layout::PodDirectory,
    listed::{ListedFile, ListedFiles, choose, containers_in, in_order},
    missing_log::MissingLog,
    open_failure::{NotALog, OpenFailure, if_readable, unless_gone},
    opened_log::OpenedLog,
    shared_listings::SharedListings,
    write_order::{OpenedFile, OpenedFiles},
};
use crate::{
    line::{
        log_run::LogRun,
        target::{ContainerName, LogName},
    },
    query::{History, LogQuery},
    source::files::storage::{head::FileHead, log_file::LogFile},
};

/// How often a listing is made again because files were rotated meanwhile. The kubelet looks every
/// ten seconds, so once is rare.
const MAX_LISTINGS: usize = 5;

/// A pod's logs.
#[derive(Debug)]
pub(crate) struct PodLogs<'a> {
    access: PodAccess,
    pub(crate) name: Arc<PodDirectory>,
    listings: &'a SharedListings,
}

/// How a pod's logs are reached.
#[derive(Debug)]
enum PodAccess {
    /// By their directory, opened for this request.
    Directory(OwnedFd),
    /// They are open, since they were asked about lately.
    Kept(CheckedPod),
}

impl<'a> PodLogs<'a> {
    pub(crate) fn open(
        root: &OwnedFd,
        name: PodDirectory,
        listings: &'a SharedListings,
    ) -> io::Result<Self> {
        let access = PodAccess::Directory(beneath::directory(root, &name.name())?);
        Ok(Self { access, name: Arc::new(name), listings })
    }

    pub(super) fn kept(checked: CheckedPod, listings: &'a SharedListings) -> Self {
        Self { name: checked.name().clone(), access: PodAccess::Kept(checked), listings }
    }

    /// The log of a container.
    pub(crate) fn log_name(&self, container: &ContainerName) -> Arc<LogName> {
        let kept = match &self.access {
            PodAccess::Directory(_) => None,
            PodAccess::Kept(checked) => checked.log_name(container),
        };
        kept.unwrap_or_else(|| Arc::new(self.name.log_name(container)))
    }

    /// The containers, sorted.
    pub(crate) fn containers(&self) -> io::Result<Arc<Vec<ContainerName>>> {
        match &self.access {
            PodAccess::Kept(checked) => Ok(checked.containers()),
            PodAccess::Directory(directory) => {
                let containers = |entries: Vec<_>| containers_in(&entries);
                self.listings.containers.of(directory, Instant::now(), containers)
            }
        }
    }

    /// A container's files, sorted by run and name. The current one of a run is its last.
    pub(crate) fn list(&self, container: &ContainerName) -> io::Result<ListedFiles> {
        match &self.access {
            PodAccess::Kept(checked) => checked.list(container),
            PodAccess::Directory(pod) => self.list_in(pod, container),
        }
    }

    fn list_in(&self, pod: &OwnedFd, container: &ContainerName) -> io::Result<ListedFiles> {
        let directory = beneath::directory(pod, container.as_str())?;
        let own = self.listings.files.of(&directory, Instant::now(), in_order)?;
        if self.listings.extra_roots.is_empty() || !own.iter().any(docker::may_be_linked) {
            return Ok(own);
        }
        let mut files = Vec::with_capacity(own.len());
        for file in own.iter() {
            match self.list_linked(&directory, file)? {
                Some(of_run) => files.extend(of_run),
                None => files.push(file.clone()),
            }
        }
        Ok(Arc::new(files))
    }

    /// The files of a run of which this may be a link to the current one. `None` if it is no link
    /// beneath an extra root, or its target's directory does not exist.
    fn list_linked(
        &self,
        container: &OwnedFd,
        file: &ListedFile,
    ) -> io::Result<Option<Vec<ListedFile>>> {
        if !docker::may_be_linked(file) {
            return Ok(None);
        }
        let Some(target) = unless_gone(self.link_target(container, &file.name))?.flatten() else {
            return Ok(None);
        };
        let Some(directory) = if_readable(target.open_directory())? else {
            return Ok(None);
        };
        let entries = self.listings.targets.of(directory, Instant::now(), |entries| entries)?;
        let name = target.file_name();
        Ok(name.map(|name| docker::files_of_run(file, name, &entries)))
    }

    /// The directories besides its own in which a container's files are renamed: those that the
    /// links to its current files lead to. For watching only.
    pub(crate) fn linked_directories(&self, container: &ContainerName) -> io::Result<Vec<PathBuf>> {
        let PodAccess::Directory(pod) = &self.access else {
            // No link is kept.
            return Ok(Vec::new());
        };
        let directory = beneath::directory(pod, container.as_str())?;
        let own = self.listings.files.of(&directory, Instant::now(), in_order)?;
        // An earlier run is not written to any more.
        let Some(last) = own.last().filter(|file| docker::may_be_linked(file)) else {
            return Ok(Vec::new());
        };
        let target = self.link_target(&directory, &last.name)?;
        Ok(target.iter().map(LinkTarget::directory_path).collect())
    }

    fn link_target(&self, container: &OwnedFd, link: &str) -> io::Result<Option<LinkTarget<'a>>> {
        LinkTarget::of(container, link, &self.listings.extra_roots)
    }

    /// Opens a file as it is now, for reading up to its present end.
    ///
    /// # Errors
    /// When it does not exist, is not a log, or cannot be opened.
    pub(crate) fn open_file(
        &self,
        container: &ContainerName,
        listed: &ListedFile,
    ) -> io::Result<LogFile> {
        let run = self.run_number(listed.parsed.restart);
        let pod = match &self.access {
            PodAccess::Kept(checked) => return checked.open(container, listed, run),
            PodAccess::Directory(pod) => pod,
        };
        let file = self.open_in(pod, container, listed).inspect_err(|error| {
            if OpenFailure::of(error) == OpenFailure::NotALog {
                self.listings.warn_about(&self.name, container, &listed.name, error);
            }
        })?;
        LogFile::new(file, listed.parsed.is_compressed(), run)
    }

    fn open_in(
        &self,
        pod: &OwnedFd,
        container: &ContainerName,
        listed: &ListedFile,
    ) -> io::Result<File> {
        let Some(link) = &listed.beside else {
            let roots = &self.listings.extra_roots;
            return beneath::log_file(pod.as_fd(), container.as_str(), &listed.name, roots);
        };
        match self.link_target(&beneath::directory(pod, container.as_str())?, link)? {
            Some(target) => target.sibling(&listed.name)?.open(),
            None => Err(NotALog::because("a link that now leads elsewhere")),
        }
    }

    /// Opens the files that a query about this container is about; `anchor` is the run that its
    /// cursor is in.
    ///
    /// A file that is listed and cannot be opened, because it is a link that leads nowhere or out
    /// of the log directory, is a gap between the others.
    pub(crate) fn open_log(
        &self,
        container: &ContainerName,
        query: &LogQuery,
        anchor: Option<u32>,
    ) -> Result<OpenedLog, MissingLog> {
        let mut listed = self.list(container)?;
        let mut opened = self.open_in_order(container, &choose(&listed, query, anchor)?)?;
        for _ in 1..MAX_LISTINGS {
            // Had a file been rotated while they were opened, one would be missing between them.
            let again = self.list(container)?;
            if again == listed {
                break;
            }
            listed = again;
            opened = self.open_in_order(container, &choose(&listed, query, anchor)?)?;
        }
        let mut earlier = Vec::new();
        if query.history == History::Current && anchor.is_none() {
            earlier = opened.keep_current();
            if let [current] = &opened.files[..]
                && earlier.is_empty()
            {
                earlier = self.open_rotated(container, &listed, &current.file);
            }
        }
        match opened {
            opened if opened.has_any() => {
                let files = opened.files.into_iter().map(|opened| opened.file).collect();
                Ok(OpenedLog { files, earlier })
            }
            OpenedFiles { not_a_log: Some(error), .. } => Err(MissingLog::NotALog(error)),
            // Its run has only links that lead nowhere.
            _ if query.previous => Err(MissingLog::Previous),
            _ => Err(MissingLog::Log),
        }
    }

    /// A number that no other run of a container of this pod's name has.
    pub(crate) fn run_number(&self, restart: u32) -> u64 {
        LogRun::new(&self.name.uid, restart).number()
    }

    /// Opens files, and sorts them by when they were written.
    ///
    /// # Errors
    /// When a file may exist, and cannot be opened.
    pub(crate) fn open_in_order(
        &self,
        container: &ContainerName,
        files: &[&ListedFile],
    ) -> io::Result<OpenedFiles> {
        let mut opened = OpenedFiles::default();
        for listed in files {
            let run = self.run_number(listed.parsed.restart);
            let (file, is_lost) = match self.open_file(container, listed) {
                Ok(file) => (file, false),
                Err(error) => match OpenFailure::of(&error) {
                    OpenFailure::Gone => (lost_file(run)?, true),
                    OpenFailure::NotALog => {
                        opened.not_a_log = Some(error);
                        (lost_file(run)?, true)
                    }
                    _ => return Err(error),
                },
            };
            let (file, is_current) = (Arc::new(file), listed.parsed.is_current());
            opened.files.push(OpenedFile { file, is_current, is_lost });
        }
        self.listings.heads.sort(&mut opened.files);
        Ok(opened)
    }

    /// Whether the order of the files is known without reading any of them. It is only of a pod that
    /// is kept.
    pub(crate) fn knows_order(&self) -> bool {
        match &self.access {
            PodAccess::Directory(_) => false,
            PodAccess::Kept(checked) => {
                checked.rotated().all(|rotated| self.listings.heads.know_order(&rotated))
            }
        }
    }

    /// The time of the last line of a file of the pod; `None` if it cannot be had for little.
    pub(crate) fn last_time(&self, file: &Arc<LogFile>) -> Option<DateTime<Utc>> {
        self.listings.tails.last_time(file)
    }

    /// How a file of the pod begins. `None` if it cannot be read, or holds nothing to be known by.
    pub(crate) fn head(&self, file: &Arc<LogFile>) -> Option<FileHead> {
        self.listings.heads.head(file).filter(|head| !head.is_empty())
    }
}

/// Stands for a file whose content cannot be had. It reads like a compressed one that was cut off
/// before its first byte: as a gap.
fn lost_file(run: u64) -> io::Result<LogFile> {
    let nothing = memfd_create("lost log", MemfdFlags::CLOEXEC)?;
    LogFile::new(File::from(nothing), true, run)
}
