//! Finds pods and their logs among the files of a node.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    slice,
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{
    directory::{LogDirectory, OpenRootError},
    followers::Followers,
    inventory::{Inventory, Survey},
    layout::PodDirectory,
    located::{Claim, FoundLog, LocateError, LocatedLog},
    lookout::Lookout,
    open_failure::{if_readable, unless_gone},
    pod::{Missing, PodLogs, sort_by_last_write},
    watch::DirectoryWatch,
};
use crate::{
    cursor::{FilePlace, LogPosition},
    file::{Chain, LogFile, OpenFrom, Until},
    merge::{Following, LogInput, Seen},
    pace::uninterrupted,
    query::{Anchor, ContainerChoice, History, LogQuery},
    span,
    target::{ContainerName, PodRef, PodUid},
};

/// The logs of a node.
#[derive(Debug)]
pub struct FilesSource {
    directory: Arc<LogDirectory>,
    followers: Arc<Followers>,
    inventory: Inventory,
    lookout: Lookout,
}

/// A pod as a list shows it.
#[derive(Debug)]
pub struct PodSummary {
    /// Its namespace and name.
    pub pod: PodRef,
    /// Its incarnation.
    pub uid: PodUid,
    /// The containers that have a log directory, sorted by name.
    pub containers: Vec<ContainerName>,
    /// When one of its files was last written to.
    pub last_write: Option<DateTime<Utc>>,
    /// Of all its files, in bytes.
    pub size: u64,
}

impl FilesSource {
    /// Checks that the directories are there.
    pub fn open(root: &Path, extra_roots: &[PathBuf]) -> Result<Self, OpenRootError> {
        let directory = Arc::new(LogDirectory::new(root, extra_roots)?);
        Ok(Self::of(directory, Arc::new(Followers::new())))
    }

    fn of(directory: Arc<LogDirectory>, followers: Arc<Followers>) -> Self {
        let (inventory, lookout) = (Inventory::default(), Lookout::default());
        Self { directory, followers, inventory, lookout }
    }

    /// The number of followed directories that cannot be watched and are looked at instead.
    #[must_use]
    pub fn polled_directories(&self) -> u64 {
        self.followers.watch().polled()
    }

    /// A source that nobody tells of changes.
    #[cfg(test)]
    pub(super) fn open_unwatched(root: &Path) -> Result<Self, OpenRootError> {
        let directory = Arc::new(LogDirectory::new(root, &[])?);
        let followers = Arc::new(Followers::unwatched());
        Ok(Self::of(directory, followers))
    }

    #[cfg(test)]
    pub(super) fn directory(&self) -> &LogDirectory {
        &self.directory
    }

    /// Opens the files that answer a query about a pod.
    pub fn find(&self, pod: &PodRef, query: &LogQuery) -> Result<FoundLog, LocateError> {
        let root = self.directory.open()?;
        let incarnations = self.incarnations(&root, pod, query)?;
        let Some(last) = incarnations.last() else {
            return Err(match query.anchor {
                Some(_) => LocateError::CursorExpired,
                None => LocateError::NoPod,
            });
        };
        let mut names = choose(&last.containers()?, &query.container)?;
        if let Some(anchor) = &query.anchor {
            let positions = &anchor.cursor().logs;
            if !positions.iter().all(|position| names.contains(&position.container)) {
                return Err(LocateError::BadCursor);
            }
        }
        if let Some(Anchor::Before(cursor)) = &query.anchor {
            // A container that the cursor does not know has written nothing before it.
            names.retain(|name| cursor.position_in(name).is_some());
        }
        let (mut logs, mut claims) = (Vec::new(), Vec::new());
        for name in names {
            match self.find_container(&incarnations, &name, query, &mut claims) {
                Ok(log) => logs.push(log),
                // What is there of several logs is what there is.
                Err(LocateError::NoLog | LocateError::NoPrevious)
                    if query.container == ContainerChoice::All => {}
                Err(error) => return Err(error),
            }
        }
        match logs.is_empty() {
            true if query.previous => Err(LocateError::NoPrevious),
            true => Err(LocateError::NoLog),
            false => {
                let log = LocatedLog { uid: last.name.uid.clone(), logs };
                Ok(FoundLog { log, claims })
            }
        }
    }

    /// The pod's directory; `None` when it was removed.
    pub(super) fn open_pod(&self, pod: &PodDirectory) -> io::Result<Option<PodLogs<'_>>> {
        unless_gone(self.directory.open_pod(pod.clone()))
    }

    /// The log of a container that appeared while the pod was followed.
    pub(super) fn find_new_container(
        &self,
        pod: &PodLogs<'_>,
        name: &ContainerName,
        query: &LogQuery,
    ) -> Result<LogInput, LocateError> {
        self.find_container(slice::from_ref(pod), name, query, &mut Vec::new())
    }

    /// The log of a container, from all incarnations given, of which the last one counts.
    fn find_container(
        &self,
        incarnations: &[PodLogs<'_>],
        name: &ContainerName,
        query: &LogQuery,
        claims: &mut Vec<Claim>,
    ) -> Result<LogInput, LocateError> {
        let cursor = query.anchor.as_ref().map(Anchor::cursor);
        let position = cursor.and_then(|cursor| cursor.position_in(name));
        let restart = position.map(|position| position.restart);
        let (files, following) = self.open_files(incarnations, name, query, restart)?;
        let chain = match (&query.anchor, position) {
            (Some(Anchor::After(_)), Some(position)) => {
                return take_up(name, files, following, position, claims);
            }
            (Some(Anchor::Before(cursor)), Some(position)) => {
                let chain = up_to(files, position, !cursor.is_of(name), claims)?;
                if query.history == History::Current { chain.in_last_file() } else { chain }
            }
            _ => Chain::whole(files),
        };
        let chain = span::skip_files(chain, &query.filter)?;
        Ok(LogInput { container: name.clone(), chain, following, seen: None })
    }

    /// A container's files in the order they were written, and what tells how they go on; `restart`
    /// is the run that the cursor is in.
    fn open_files(
        &self,
        incarnations: &[PodLogs<'_>],
        name: &ContainerName,
        query: &LogQuery,
        restart: Option<u32>,
    ) -> Result<(Vec<Arc<LogFile>>, Option<Following>), LocateError> {
        let mut files = Vec::new();
        let mut following = None;
        for (index, pod) in incarnations.iter().enumerate() {
            let is_last = index + 1 == incarnations.len();
            // Followed first, listed then: so no file can fall between the two.
            if is_last && query.follow && !query.previous {
                let follow = || self.followers.follow(&self.directory, pod, name);
                following = Some(uninterrupted(follow)?);
            }
            match pod.open_log(name, query, restart) {
                Ok(opened) => files.extend(opened),
                Err(Missing::Log | Missing::Previous) if !is_last => {}
                Err(missing) => return Err(missing.into()),
            }
        }
        if let Some(log) = &following {
            files = splice(files, log.files(), query)?;
        }
        let following = following
            .map(|log| Following { log, through_runs: query.goes_through_runs() })
            .filter(|following| following.concerns(&files));
        Ok((files, following))
    }

    /// Checks that pods can be looked up at all.
    pub fn check(&self) -> io::Result<()> {
        self.directory.check()
    }

    /// What pods there are.
    pub fn survey(&self, now: DateTime<Utc>) -> io::Result<Survey> {
        self.inventory.survey(&self.directory, now)
    }

    pub(super) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    pub(super) fn lookout(&self) -> &Lookout {
        &self.lookout
    }

    /// What tells of pods that come and go, and the path of their directory.
    pub(super) fn root_watch(&self) -> (&DirectoryWatch, &Path) {
        (self.followers.watch(), self.directory.path())
    }

    /// The pods that `may_see` lets through, sorted by namespace, name and uid.
    pub fn pods(&self, may_see: impl Fn(&PodRef) -> bool) -> io::Result<Vec<PodSummary>> {
        let root = self.directory.open()?;
        let pods = self.directory.pods(&root)?;
        let seen = pods.iter().filter(|(pod, _)| may_see(pod));
        let mut directories: Vec<_> = seen.flat_map(|(_, all)| all.iter().cloned()).collect();
        directories.sort_by_cached_key(PodDirectory::name);
        let mut summaries = Vec::with_capacity(directories.len());
        for name in directories {
            // A pod may be removed while the list is made.
            if let Some(pod) = if_readable(self.directory.open_pod_in(&root, name))? {
                summaries.push(summary(pod)?);
            }
        }
        Ok(summaries)
    }

    /// The incarnations of a pod that a query is about; it names the last one, or that is the one
    /// written last.
    fn incarnations(
        &self,
        root: &OwnedFd,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Result<Vec<PodLogs<'_>>, LocateError> {
        let goes_back = query.history == History::All;
        match (&query.anchor, &query.uid) {
            // Its cursor names the last incarnation, but lines of those before it may be asked for.
            (Some(Anchor::Before(cursor)), _) if goes_back => {
                let mut all = self.all_incarnations(root, pod, None)?;
                let last = all.iter().position(|pod| pod.name.uid == cursor.uid);
                all.truncate(last.map_or(0, |last| last + 1));
                Ok(all)
            }
            (anchor, uid) => {
                let mut all = self.all_incarnations(root, pod, uid.as_ref())?;
                if !goes_back || anchor.is_some() {
                    all.drain(..all.len().saturating_sub(1));
                }
                Ok(all)
            }
        }
    }

    /// The incarnations of a pod, the one written last at the end.
    fn all_incarnations(
        &self,
        root: &OwnedFd,
        pod: &PodRef,
        uid: Option<&PodUid>,
    ) -> Result<Vec<PodLogs<'_>>, LocateError> {
        let pods = self.directory.pods(root)?;
        let of_pod = pods.get(pod).map(Vec::as_slice).unwrap_or_default();
        let directories =
            of_pod.iter().filter(|directory| uid.is_none_or(|uid| *uid == directory.uid));
        let mut opened = Vec::new();
        for name in directories {
            // A directory that may be read by nobody here is none of a pod's.
            opened.extend(if_readable(self.directory.open_pod_in(root, name.clone()))?);
        }
        sort_by_last_write(&mut opened)?;
        Ok(opened)
    }
}

/// Joins the files that were listed and those that are followed: each file once, in the order they
/// were written. The last one is always followed, so that the reading goes on after it.
///
/// What is followed has no holes, so the listed files before the first one that is followed as well
/// are older than all of it, and the rest are followed or will be. Files that were deleted since
/// they are followed count only for a cursor, which may be in one of them.
fn splice(
    listed: Vec<Arc<LogFile>>,
    mut followed: Vec<Arc<LogFile>>,
    query: &LogQuery,
) -> io::Result<Vec<Arc<LogFile>>> {
    if query.history == History::Current && query.anchor.is_none() {
        return Ok(followed.pop().into_iter().collect());
    }
    if query.history != History::All
        && let Some(run) = listed.last().map(|file| file.run)
    {
        followed.retain(|file| file.run == run);
    }
    let mut twins = Vec::with_capacity(followed.len());
    for file in &followed {
        twins.push(position_of(file, &listed)?);
    }
    let Some(older) = twins.iter().flatten().min() else {
        // What is listed is newer and will be followed, or nothing of this run is followed.
        return Ok(if followed.is_empty() { listed } else { followed });
    };
    let mut files = listed[..*older].to_vec();
    let deleted = twins.iter().take_while(|twin| twin.is_none()).count();
    let first = if query.anchor.is_none() { deleted } else { 0 };
    let last = followed.len() - 1;
    for (index, file) in followed.into_iter().enumerate().skip(first) {
        files.push(match twins[index] {
            // It was compressed, and what was deleted is not held for ever.
            Some(twin) if index < last && file.is_deleted()? => listed[twin].clone(),
            _ => file,
        });
    }
    Ok(files)
}

/// Where among the files the same log is, maybe compressed.
fn position_of(file: &Arc<LogFile>, files: &[Arc<LogFile>]) -> io::Result<Option<usize>> {
    if let Some(same) = files.iter().position(|other| other.is_same_inode(file)) {
        return Ok(Some(same));
    }
    for (index, other) in files.iter().enumerate() {
        if other.is_same_log(file)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Begins where a cursor says.
fn take_up(
    name: &ContainerName,
    mut files: Vec<Arc<LogFile>>,
    following: Option<Following>,
    position: &LogPosition,
    claims: &mut Vec<Claim>,
) -> Result<LogInput, LocateError> {
    let begin = begin_of(position, &files)?;
    let seen = begin + index_of(&position.seen, &files[begin..], |_| true)?;
    let seen = Seen { file: files[seen].clone(), mark: position.mark() };
    files.drain(..begin);
    claims.push(Claim { file: files[0].clone(), offset: position.begin.offset });
    let chain = Chain { start: position.begin.offset, ..Chain::whole(files) };
    Ok(LogInput { container: name.clone(), chain, following, seen: Some(seen) })
}

/// Ends where a cursor says.
fn up_to(
    mut files: Vec<Arc<LogFile>>,
    position: &LogPosition,
    is_inclusive: bool,
    claims: &mut Vec<Claim>,
) -> Result<Chain, LocateError> {
    // Where the line begins may be gone: what is asked for is what is left of the lines before it.
    let begin = begin_of(position, &files).unwrap_or(0);
    let last = begin + index_of(&position.seen, &files[begin..], |_| true)?;
    let mark = position.mark();
    if let OpenFrom::SameFile(offset) = mark.open_from {
        claims.push(Claim { file: files[last].clone(), offset });
    }
    files.truncate(last + 1);
    let until = Some(Until { mark, is_inclusive });
    Ok(Chain { until, ..Chain::whole(files) })
}

/// The file in which the oldest line begins that was not finished at the position. Files of other
/// runs may begin alike.
fn begin_of(position: &LogPosition, files: &[Arc<LogFile>]) -> Result<usize, LocateError> {
    index_of(&position.begin, files, |file| file.restart() == position.restart)
}

/// Which of the possible files has the place's fingerprint.
fn index_of(
    place: &FilePlace,
    files: &[Arc<LogFile>],
    is_possible: impl Fn(&LogFile) -> bool,
) -> Result<usize, LocateError> {
    // Such a file had nothing to be known by.
    if place.fingerprint == 0 {
        return Err(LocateError::CursorExpired);
    }
    for (index, file) in files.iter().enumerate() {
        if is_possible(file) && file.fingerprint()? == place.fingerprint {
            return Ok(index);
        }
    }
    Err(LocateError::CursorExpired)
}

fn summary(pod: PodLogs<'_>) -> io::Result<PodSummary> {
    let (last_write, size) = pod.extent()?;
    let containers = if_readable(pod.containers())?.unwrap_or_default().to_vec();
    let PodDirectory { pod, uid } = pod.name;
    Ok(PodSummary { pod, uid, containers, last_write, size })
}

fn choose(
    there: &[ContainerName],
    choice: &ContainerChoice,
) -> Result<Vec<ContainerName>, LocateError> {
    match choice {
        ContainerChoice::Named(name) if there.contains(name) => Ok(vec![name.clone()]),
        ContainerChoice::Named(_) => Err(LocateError::NoContainer(there.to_vec())),
        _ if there.is_empty() => Err(LocateError::NoLog),
        ContainerChoice::Only if there.len() > 1 => {
            Err(LocateError::ContainerRequired(there.to_vec()))
        }
        ContainerChoice::Only | ContainerChoice::All => Ok(there.to_vec()),
    }
}

#[cfg(test)]
mod following;
#[cfg(test)]
mod order;
#[cfg(test)]
mod paging;
