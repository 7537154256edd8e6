//! Finds pods and their logs among the files of a node.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{
    directory::{LogDirectory, OpenRootError},
    followers::Followers,
    inventory::{Inventory, Survey},
    layout::PodDirectory,
    pod::{Missing, PodLogs},
};
use crate::logs::{
    cursor::{FilePlace, LogPosition},
    file::{Chain, LogFile, ReadingCost},
    merge::{Following, LogInput},
    physical::Place,
    query::{ContainerChoice, History, LogQuery},
    span,
    target::{ContainerName, PodRef, PodUid},
};

/// The logs of a node.
#[derive(Debug)]
pub(crate) struct FilesSource {
    directory: Arc<LogDirectory>,
    followers: Arc<Followers>,
    inventory: Inventory,
}

/// The logs that answer a query, as they are at this instant.
#[derive(Debug)]
pub(crate) struct LocatedLog {
    pub(crate) uid: PodUid,
    pub(crate) containers: Vec<LocatedContainer>,
}

#[derive(Debug)]
pub(crate) struct LocatedContainer {
    pub(crate) name: ContainerName,
    pub(crate) input: LogInput,
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
    #[error("the cursor is of another pod or container")]
    BadCursor,
    #[error("what the cursor points to is gone")]
    CursorExpired,
    /// There is a file, but it cannot be read. The cause is for the log.
    #[error("the log cannot be read: {0}")]
    Unreadable(io::Error),
}

impl From<Missing> for LocateError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Log => Self::NoLog,
            Missing::Previous => Self::NoPrevious,
            Missing::Io(error) => Self::Unreadable(error),
        }
    }
}

impl From<io::Error> for LocateError {
    fn from(error: io::Error) -> Self {
        Missing::from(error).into()
    }
}

impl LocatedLog {
    /// What it takes to read all of it.
    pub(crate) fn cost(&self) -> ReadingCost {
        self.containers.iter().map(|container| container.input.chain.cost()).sum()
    }
}

/// A pod as a list shows it.
#[derive(Debug)]
pub(crate) struct PodSummary {
    pub(crate) pod: PodRef,
    pub(crate) uid: PodUid,
    pub(crate) containers: Vec<ContainerName>,
    pub(crate) last_write: Option<DateTime<Utc>>,
    /// Of all its files, in bytes.
    pub(crate) size: u64,
}

impl FilesSource {
    /// Checks that the directories are there.
    pub(crate) fn open(root: &Path, extra_roots: &[PathBuf]) -> Result<Self, OpenRootError> {
        let directory = LogDirectory::new(root, extra_roots)?;
        let (directory, followers) = (Arc::new(directory), Arc::new(Followers::new()));
        Ok(Self { directory, followers, inventory: Inventory::default() })
    }

    /// A source that nobody tells of changes.
    #[cfg(test)]
    pub(super) fn open_unwatched(root: &Path) -> Result<Self, OpenRootError> {
        let directory = LogDirectory::new(root, &[])?;
        let (directory, followers) = (Arc::new(directory), Arc::new(Followers::unwatched()));
        Ok(Self { directory, followers, inventory: Inventory::default() })
    }

    #[cfg(test)]
    pub(super) fn directory(&self) -> &LogDirectory {
        &self.directory
    }

    /// Opens the files that answer a query about a pod.
    pub(crate) fn locate(&self, pod: &PodRef, query: &LogQuery) -> Result<LocatedLog, LocateError> {
        let root = self.directory.open()?;
        let mut incarnations = self.incarnations(&root, pod, query.uid.as_ref())?;
        let Some(last) = incarnations.pop() else {
            return Err(match query.after {
                Some(_) => LocateError::CursorExpired,
                None => LocateError::NoPod,
            });
        };
        if query.history != History::All || query.after.is_some() {
            incarnations.clear();
        }
        incarnations.push(last);
        let last = &incarnations[incarnations.len() - 1];
        let names = choose(last.containers()?, &query.container)?;
        if let Some(cursor) = &query.after
            && !cursor.logs.iter().all(|position| names.contains(&position.container))
        {
            return Err(LocateError::BadCursor);
        }
        let mut containers = Vec::new();
        for name in names {
            match self.locate_container(&incarnations, &name, query) {
                Ok(input) => containers.push(LocatedContainer { name, input }),
                // What is there of several logs is what there is.
                Err(LocateError::NoLog | LocateError::NoPrevious)
                    if query.container == ContainerChoice::All => {}
                Err(error) => return Err(error),
            }
        }
        match containers.is_empty() {
            true if query.previous => Err(LocateError::NoPrevious),
            true => Err(LocateError::NoLog),
            false => Ok(LocatedLog { uid: last.name.uid.clone(), containers }),
        }
    }

    /// The files of a container, from all incarnations given, of which the last one counts.
    fn locate_container(
        &self,
        incarnations: &[PodLogs<'_>],
        name: &ContainerName,
        query: &LogQuery,
    ) -> Result<LogInput, LocateError> {
        let position = query.after.as_ref().and_then(|cursor| cursor.position_in(name));
        let mut files = Vec::new();
        let mut following = None;
        for (index, pod) in incarnations.iter().enumerate() {
            let is_last = index + 1 == incarnations.len();
            // Followed first, listed then: so no file can fall between the two.
            if is_last && query.follow && !query.previous {
                following = Some(self.followers.follow(&self.directory, pod, name)?);
            }
            match pod.open_log(name, query, position.map(|position| position.restart)) {
                Ok(opened) => files.extend(opened),
                Err(Missing::Log | Missing::Previous) if !is_last => {}
                Err(missing) => return Err(missing.into()),
            }
        }
        if let Some(log) = &following {
            files = splice(files, log.files(), query)?;
        }
        let following = following
            .map(|log| Following { log, through_runs: query.history == History::All })
            .filter(|following| following.concerns(&files));
        match position {
            Some(position) => take_up(files, following, position),
            None => {
                let chain = span::skip_files(Chain::whole(files), &query.filter)?;
                Ok(LogInput { chain, following, seen: None })
            }
        }
    }

    /// What pods there are.
    pub(crate) fn survey(&self, now: DateTime<Utc>) -> io::Result<Survey> {
        self.inventory.survey(&self.directory, now)
    }

    /// The pods that `may_see` lets through, sorted by namespace, name and uid.
    pub(crate) fn pods(&self, may_see: impl Fn(&PodRef) -> bool) -> io::Result<Vec<PodSummary>> {
        let root = self.directory.open()?;
        let mut directories = self.directory.pods(&root)?;
        directories.retain(|directory| may_see(&directory.pod));
        directories.sort_by_cached_key(PodDirectory::name);
        // A pod may go while the list is made.
        let open = |name| self.directory.open_pod_in(&root, name).ok();
        Ok(directories.into_iter().filter_map(open).map(summary).collect())
    }

    /// The incarnations of a pod, the one written last at the end.
    fn incarnations(
        &self,
        root: &OwnedFd,
        pod: &PodRef,
        uid: Option<&PodUid>,
    ) -> Result<Vec<PodLogs<'_>>, LocateError> {
        let is_asked = |directory: &PodDirectory| {
            directory.pod == *pod && uid.is_none_or(|uid| *uid == directory.uid)
        };
        let directories = self.directory.pods(root)?.into_iter().filter(is_asked);
        let open = |name| self.directory.open_pod_in(root, name).ok();
        let mut opened: Vec<PodLogs<'_>> = directories.filter_map(open).collect();
        if opened.len() > 1 {
            opened.sort_by_cached_key(|pod| pod.extent().0);
        }
        Ok(opened)
    }
}

/// Puts the files that are followed in the place of the same files as they were listed.
fn splice(
    mut files: Vec<Arc<LogFile>>,
    followed: Vec<Arc<LogFile>>,
    query: &LogQuery,
) -> io::Result<Vec<Arc<LogFile>>> {
    if query.history == History::Current && query.after.is_none() {
        return Ok(followed.last().cloned().into_iter().collect());
    }
    let mut same = files.len();
    for (index, file) in files.iter().enumerate() {
        if file.is_same_log(&followed[0])? {
            same = index;
            break;
        }
    }
    files.truncate(same);
    files.extend(followed);
    Ok(files)
}

/// Begins where a cursor says.
fn take_up(
    mut files: Vec<Arc<LogFile>>,
    following: Option<Following>,
    position: &LogPosition,
) -> Result<LogInput, LocateError> {
    let find = |place: &FilePlace| -> io::Result<Option<usize>> {
        for (index, file) in files.iter().enumerate() {
            if file.fingerprint()? == place.fingerprint {
                return Ok(Some(index));
            }
        }
        Ok(None)
    };
    let (Some(begin), Some(seen)) = (find(&position.begin)?, find(&position.seen)?) else {
        return Err(LocateError::CursorExpired);
    };
    let seen = Place { file: files[seen].clone(), offset: position.seen.offset };
    files.drain(..begin);
    let chain = Chain { files, start: position.begin.offset, starts_clean: true };
    if !chain.starts_with_a_line()? {
        return Err(LocateError::CursorExpired);
    }
    Ok(LogInput { chain, following, seen: Some(seen) })
}

fn summary(pod: PodLogs<'_>) -> PodSummary {
    let (last_write, size) = pod.extent();
    let containers = pod.containers().unwrap_or_default();
    let PodDirectory { pod, uid } = pod.name;
    PodSummary { pod, uid, containers, last_write, size }
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
