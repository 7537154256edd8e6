//! Finds pods and their logs among the files of a node.

use std::{
    fs::{File, Metadata},
    io,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use rustix::fs::FileType;

use super::{
    beneath::{self, Root},
    layout::{LogFileKind, LogFileName, PodDirectory},
};
use crate::logs::{
    physical::FileRange,
    query::{ContainerChoice, LogQuery},
    target::{ContainerName, PodRef, PodUid},
};

/// The logs of a node.
#[derive(Debug)]
pub(crate) struct FilesSource {
    root: Root,
    /// Where a link may lead besides its pod's own directory.
    extra_roots: Vec<Root>,
}

/// A directory of logs that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenRootError {
    #[error("cannot open {0}: {1}")]
    Root(PathBuf, io::Error),
    #[error("this kernel cannot open files beneath a directory (openat2, Linux 5.6): {0}")]
    Kernel(io::Error),
}

/// The logs that answer a query, as they are at this instant.
#[derive(Debug)]
pub(crate) struct LocatedLog {
    pub(crate) containers: Vec<ContainerName>,
    pub(crate) ranges: Vec<FileRange>,
}

/// Why there is no log to give.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocateError {
    #[error("there are no logs of this pod")]
    NoPod,
    #[error("the pod has several containers")]
    ContainerRequired(Vec<ContainerName>),
    #[error("the pod has no such container")]
    NoContainer(Vec<ContainerName>),
    #[error("there is no log of this container")]
    NoLog,
    #[error("there is no log of an earlier run of this container")]
    NoPrevious,
    /// There is a file, but it cannot be read. The cause is for the log.
    #[error("the log cannot be read: {0}")]
    Unreadable(io::Error),
}

impl From<io::Error> for LocateError {
    /// A file or directory that went away while it was looked for was not there.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NoLog,
            _ => Self::Unreadable(error),
        }
    }
}

impl LocatedLog {
    /// How much there is to read, in bytes of file.
    pub(crate) fn size(&self) -> u64 {
        self.ranges
            .iter()
            .map(|range| range.bytes.end - range.bytes.start)
            .sum()
    }
}

/// A pod as a list shows it.
#[derive(Debug)]
pub(crate) struct PodSummary {
    pub(crate) pod: PodRef,
    pub(crate) uid: PodUid,
    pub(crate) names: Vec<ContainerName>,
    pub(crate) last_write: Option<DateTime<Utc>>,
    /// Of all its files, in bytes.
    pub(crate) size: u64,
}

impl FilesSource {
    /// Checks that the directories are there.
    pub(crate) fn open(root: &Path, extra_roots: &[PathBuf]) -> Result<Self, OpenRootError> {
        beneath::is_supported().map_err(OpenRootError::Kernel)?;
        let open = |path: &Path| {
            Root::new(path).map_err(|error| OpenRootError::Root(path.to_owned(), error))
        };
        let extra_roots = extra_roots
            .iter()
            .map(|path| open(path))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            root: open(root)?,
            extra_roots,
        })
    }

    /// Opens the files that answer a query about a pod.
    pub(crate) fn locate(&self, pod: &PodRef, query: &LogQuery) -> Result<LocatedLog, LocateError> {
        let root = self.root.open()?;
        let incarnation = self.incarnation(&root, pod, query.uid.as_ref())?;
        let containers = choose(containers_in(&incarnation)?, &query.container)?;
        let mut ranges = Vec::with_capacity(containers.len());
        for container in &containers {
            match self.open_log(&incarnation, container, query.previous) {
                Ok(range) => ranges.push(range),
                // Of all containers, those count that have such a log.
                Err(LocateError::NoLog | LocateError::NoPrevious)
                    if query.container == ContainerChoice::All => {}
                Err(error) => return Err(error),
            }
        }
        if ranges.is_empty() {
            return Err(if query.previous {
                LocateError::NoPrevious
            } else {
                LocateError::NoLog
            });
        }
        Ok(LocatedLog { containers, ranges })
    }

    /// The pods that `may_see` lets through, sorted by namespace, name and uid.
    pub(crate) fn pods(&self, may_see: impl Fn(&PodRef) -> bool) -> io::Result<Vec<PodSummary>> {
        let root = self.root.open()?;
        let mut directories = pod_directories(&root)?;
        directories.retain(|directory| may_see(&directory.pod));
        directories.sort_by_cached_key(PodDirectory::name);
        let mut pods = Vec::with_capacity(directories.len());
        for directory in directories {
            // A pod may go while the list is made.
            if let Ok(opened) = beneath::directory(&root, &directory.name()) {
                pods.push(self.summary(&opened, directory));
            }
        }
        Ok(pods)
    }

    /// The directory of the pod's incarnation with this uid, or of the one written last.
    fn incarnation(
        &self,
        root: &OwnedFd,
        pod: &PodRef,
        uid: Option<&PodUid>,
    ) -> Result<OwnedFd, LocateError> {
        let mut directories = pod_directories(root)?;
        directories.retain(|directory| {
            directory.pod == *pod && uid.is_none_or(|uid| *uid == directory.uid)
        });
        let mut opened: Vec<_> = directories
            .into_iter()
            .filter_map(|directory| {
                Some((beneath::directory(root, &directory.name()).ok()?, directory))
            })
            .collect();
        if opened.len() > 1 {
            opened.sort_by_cached_key(|(opened, directory)| {
                self.summary(opened, directory.clone()).last_write
            });
        }
        opened
            .pop()
            .map(|(opened, _)| opened)
            .ok_or(LocateError::NoPod)
    }

    fn summary(&self, pod: &OwnedFd, directory: PodDirectory) -> PodSummary {
        let names = containers_in(pod).unwrap_or_default();
        let (mut last_write, mut size) = (None, 0);
        for metadata in names
            .iter()
            .flat_map(|container| self.log_files(pod, container))
        {
            let written = metadata.modified().ok().map(DateTime::<Utc>::from);
            last_write = last_write.max(written);
            size += metadata.len();
        }
        PodSummary {
            pod: directory.pod,
            uid: directory.uid,
            names,
            last_write,
            size,
        }
    }

    /// What is known of each readable log file of a container.
    fn log_files(&self, pod: &OwnedFd, container: &ContainerName) -> Vec<Metadata> {
        let names = container_files(pod, container).unwrap_or_default();
        let open = |name: &String| self.open_file(pod, container, name).ok()?.metadata().ok();
        names.iter().filter_map(|(name, _)| open(name)).collect()
    }

    /// The present file of a container's last run, or of the run before it.
    fn open_log(
        &self,
        pod: &OwnedFd,
        container: &ContainerName,
        previous: bool,
    ) -> Result<FileRange, LocateError> {
        let files = container_files(pod, container)?;
        let last = files
            .iter()
            .map(|(_, file)| file.restart)
            .max()
            .ok_or(LocateError::NoLog)?;
        let restart = if previous {
            let earlier = files
                .iter()
                .map(|(_, file)| file.restart)
                .filter(|run| *run < last);
            earlier.max().ok_or(LocateError::NoPrevious)?
        } else {
            last
        };
        let name = files
            .iter()
            .filter(|(_, file)| file.restart == restart)
            .filter_map(|(name, file)| Some((written_to(&file.kind)?, name)))
            .max()
            .map(|(_, name)| name)
            .ok_or(LocateError::NoLog)?;
        let file = self.open_file(pod, container, name)?;
        let length = file.metadata()?.len();
        Ok(FileRange {
            file: Arc::new(file),
            bytes: 0..length,
        })
    }

    fn open_file(&self, pod: &OwnedFd, container: &ContainerName, name: &str) -> io::Result<File> {
        beneath::log_file(pod.as_fd(), container.as_str(), name, &self.extra_roots)
    }
}

/// How likely a file is the one written to: the current one if there is one; in the moment of a
/// rotation, when there is none, the one that was renamed last.
fn written_to(kind: &LogFileKind) -> Option<(bool, &str)> {
    match kind {
        LogFileKind::Current => Some((true, "")),
        LogFileKind::Rotated(time) => Some((false, time)),
        LogFileKind::Compressed => None,
    }
}

fn pod_directories(root: &OwnedFd) -> io::Result<Vec<PodDirectory>> {
    let names = beneath::names_in(root)?;
    Ok(names
        .iter()
        .filter_map(|(name, _)| PodDirectory::parse(name))
        .collect())
}

/// The containers of a pod, sorted.
fn containers_in(pod: &OwnedFd) -> io::Result<Vec<ContainerName>> {
    let names = beneath::names_in(pod)?;
    let is_directory = |kind: &FileType| matches!(kind, FileType::Directory | FileType::Unknown);
    let mut containers: Vec<ContainerName> = names
        .iter()
        .filter(|(_, kind)| is_directory(kind))
        .filter_map(|(name, _)| name.parse().ok())
        .collect();
    containers.sort();
    Ok(containers)
}

fn container_files(
    pod: &OwnedFd,
    container: &ContainerName,
) -> io::Result<Vec<(String, LogFileName)>> {
    let directory = beneath::directory(pod, container.as_str())?;
    let names = beneath::names_in(directory)?;
    let parse = |(name, _): (String, FileType)| {
        let file = LogFileName::parse(&name)?;
        Some((name, file))
    };
    Ok(names.into_iter().filter_map(parse).collect())
}

fn choose(
    mut there: Vec<ContainerName>,
    choice: &ContainerChoice,
) -> Result<Vec<ContainerName>, LocateError> {
    match choice {
        ContainerChoice::Named(name) if there.contains(name) => Ok(vec![name.clone()]),
        ContainerChoice::Named(_) => Err(LocateError::NoContainer(there)),
        _ if there.is_empty() => Err(LocateError::NoLog),
        ContainerChoice::Only if there.len() > 1 => Err(LocateError::ContainerRequired(there)),
        ContainerChoice::Only => {
            there.truncate(1);
            Ok(there)
        }
        ContainerChoice::All => Ok(there),
    }
}
