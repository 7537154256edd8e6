//! Finds a pod and its logs among the files of a node.

use std::{borrow::Cow, io, os::fd::OwnedFd, slice, sync::Arc};

use super::{
    anchor::{ClaimedPosition, resume_at, up_to},
    containers::choose_containers,
    locate_error::LocateError,
    splice::splice,
};
use crate::{
    line::target::{ContainerName, PodRef, PodUid},
    pace::uninterrupted,
    query::{Anchor, ContainerChoice, History, LogQuery},
    source::files::{
        directory::{
            kept::kept_pod::{KeptPod, WantedRuns},
            layout::PodDirectory,
            log_directory::LogDirectory,
            missing_log::MissingLog,
            open_failure::unless_gone,
            opened_log::OpenedLog,
            pod_logs::PodLogs,
        },
        follow::{followers::Followers, following::Following},
        lines::{file_lines::FileLog, span},
        storage::chain::FileChain,
    },
};

/// Finds logs, and has those followed that go on.
#[derive(Debug)]
pub(crate) struct LogFinder {
    pub(super) directory: Arc<LogDirectory>,
    pub(super) followers: Arc<Followers>,
}

/// The files that answer a query, and what its cursor says of them.
#[derive(Debug)]
pub(crate) struct FoundFiles {
    pub(crate) uid: PodUid,
    pub(crate) logs: Vec<FileLog>,
    pub(crate) claims: Vec<ClaimedPosition>,
}

impl LogFinder {
    pub(crate) fn new(directory: Arc<LogDirectory>, followers: Arc<Followers>) -> Self {
        Self { directory, followers }
    }

    /// Opens the files that answer a query about a pod.
    pub(crate) fn find(&self, pod: &PodRef, query: &LogQuery) -> Result<FoundFiles, LocateError> {
        let kept = kept_runs(query)
            .and_then(|wanted| self.checked(&self.directory.kept_from_now_on(pod)?, query, wanted));
        if let Some(pod) = kept {
            return self.find_in(&[pod], query);
        }
        let root = self.directory.open()?;
        self.find_in(&self.incarnations(&root, pod, query)?, query)
    }

    /// The same from what is kept open, if that answers the query without any file being read.
    pub(crate) fn find_kept(
        &self,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Option<Result<FoundFiles, LocateError>> {
        let wanted = kept_runs(query).filter(|_| !query.follow && query.filter.has_no_times())?;
        let pod = self.checked(&self.directory.kept(pod)?, query, wanted)?;
        pod.knows_order().then(|| self.find_in(&[pod], query))
    }

    /// The logs of a kept pod that a query is about, if they are as they are kept.
    fn checked(
        &self,
        pod: &Arc<KeptPod>,
        query: &LogQuery,
        wanted: WantedRuns,
    ) -> Option<PodLogs<'_>> {
        if query.uid.as_ref().is_some_and(|uid| *uid != pod.name.uid) {
            return None;
        }
        let names = choose_containers(&pod.containers, &query.container).ok()?;
        self.directory.checked(pod, names, wanted)
    }

    fn find_in(
        &self,
        incarnations: &[PodLogs<'_>],
        query: &LogQuery,
    ) -> Result<FoundFiles, LocateError> {
        let Some(last) = incarnations.last() else {
            return Err(match query.anchor {
                Some(_) => LocateError::CursorExpired,
                None => LocateError::NoPod,
            });
        };
        let there = last.containers()?;
        let mut names = Cow::Borrowed(choose_containers(&there, &query.container)?);
        if let Some(anchor) = &query.anchor {
            let positions = &anchor.cursor().logs;
            if !positions.iter().all(|position| names.contains(&position.container)) {
                return Err(LocateError::BadCursor);
            }
        }
        if let Some(cursor) = query.anchor.as_ref().and_then(Anchor::end) {
            // A container that the cursor does not know has written nothing before it.
            names.to_mut().retain(|name| cursor.position_in(name).is_some());
        }
        let (mut logs, mut claims) = (Vec::new(), Vec::new());
        for name in names.iter() {
            match self.find_container(incarnations, name, query, &mut claims) {
                Ok(log) => logs.push(log),
                // What is there of several logs is what there is.
                Err(LocateError::NoLog | LocateError::NoPrevious | LocateError::NoRun)
                    if query.container == ContainerChoice::All => {}
                Err(error) => return Err(error),
            }
        }
        match logs.is_empty() {
            true if query.previous => Err(LocateError::NoPrevious),
            true if query.run.is_some() => Err(LocateError::NoRun),
            true => Err(LocateError::NoLog),
            false => Ok(FoundFiles { uid: last.name.uid.clone(), logs, claims }),
        }
    }

    /// The pod's directory; `None` when it was removed.
    pub(crate) fn open_pod(&self, pod: &PodDirectory) -> io::Result<Option<PodLogs<'_>>> {
        unless_gone(self.directory.open_pod(pod.clone()))
    }

    /// The log of a container that appeared while the pod was followed.
    pub(crate) fn find_new_container(
        &self,
        pod: &PodLogs<'_>,
        name: &ContainerName,
        query: &LogQuery,
    ) -> Result<FileLog, LocateError> {
        self.find_container(slice::from_ref(pod), name, query, &mut Vec::new())
    }

    /// The log of a container, from all incarnations given, of which the last one counts.
    pub(super) fn find_container(
        &self,
        incarnations: &[PodLogs<'_>],
        name: &ContainerName,
        query: &LogQuery,
        claims: &mut Vec<ClaimedPosition>,
    ) -> Result<FileLog, LocateError> {
        let cursor = query.anchor.as_ref().map(Anchor::cursor);
        let position = cursor.and_then(|cursor| cursor.position_in(name));
        let restart = position.map(|position| position.restart);
        let (opened, following) = self.open_files(incarnations, name, query, restart)?;
        let OpenedLog { files, earlier } = opened;
        let log = incarnations.last().ok_or(LocateError::NoPod)?.log_name(name);
        let chain = match (&query.anchor, position) {
            (Some(Anchor::After(_)), Some(position))
                if !(query.is_of_many && position.is_at_beginning()) =>
            {
                return resume_at(log, files, following, position, claims);
            }
            // Nothing was read of its run.
            (Some(Anchor::After(_)), _) => FileChain { earlier, ..FileChain::whole(files) },
            (Some(anchor), Some(position)) => {
                let chain = up_to(files, position, anchor.includes_line_of(name), claims)?;
                if query.history == History::Current { chain.in_last_file() } else { chain }
            }
            _ => FileChain { earlier, ..FileChain::whole(files) },
        };
        let chain = span::skip_files(chain, &query.filter)?;
        let earlier = incarnations.iter().take(incarnations.len() - 1);
        let earlier_uids = earlier.map(|pod| pod.name.uid.clone()).collect();
        Ok(FileLog { name: log, chain, following, last_seen: None, earlier_uids })
    }

    /// A container's files in the order they were written, those before them that are not asked for,
    /// and what tells how they go on; `restart` is the run that the cursor is in.
    fn open_files(
        &self,
        incarnations: &[PodLogs<'_>],
        name: &ContainerName,
        query: &LogQuery,
        restart: Option<u32>,
    ) -> Result<(OpenedLog, Option<Following>), LocateError> {
        let (mut files, mut current) = (Vec::new(), None);
        let mut following = None;
        for (index, pod) in incarnations.iter().enumerate() {
            let is_last = index + 1 == incarnations.len();
            // Followed first, listed then: so no file can fall between the two.
            if is_last && query.follow && !query.previous {
                let follow = || self.followers.follow(&self.directory, pod, name);
                following = Some(uninterrupted(follow)?);
            }
            match pod.open_log(name, query, restart) {
                Ok(opened) if query.history == History::Current => {
                    files.extend_from_slice(&opened.files);
                    current = Some(opened);
                }
                Ok(opened) => files.extend(opened.files),
                Err(MissingLog::Log | MissingLog::Previous | MissingLog::Run) if !is_last => {}
                Err(missing) => return Err(missing.into()),
            }
        }
        if let Some(log) = &following {
            files = splice(files, log.files(), query)?;
        }
        let earlier = current.zip(files.first()).map(|(opened, first)| opened.before(first));
        let following = following
            .map(|log| Following { log, through_runs: query.spans_runs() })
            .filter(|following| following.concerns(&files));
        Ok((OpenedLog { files, earlier: earlier.unwrap_or_default() }, following))
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
        match (query.anchor.as_ref().and_then(Anchor::end), &query.uid) {
            // Its cursor names the last incarnation, but lines of those before it may be asked for.
            (Some(cursor), _) if goes_back => {
                let mut all = self.all_incarnations(root, pod, None)?;
                let last = all.iter().position(|pod| pod.name.uid == cursor.uid);
                all.truncate(last.map_or(0, |last| last + 1));
                Ok(all)
            }
            (_, uid) => {
                let mut all = self.all_incarnations(root, pod, uid.as_ref())?;
                if !goes_back || query.anchor.is_some() {
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
        let wanted = of_pod.iter().filter(|directory| uid.is_none_or(|uid| *uid == directory.uid));
        Ok(self.directory.open_incarnations(root, wanted)?)
    }
}

/// Which runs a query may open files of, if it can be about a kept pod: it asks for the last run of
/// the last incarnation. A search takes longer than opening its files, and nothing stays open for it.
fn kept_runs(query: &LogQuery) -> Option<WantedRuns> {
    let is_about_last = query.anchor.is_none()
        && !query.previous
        && query.run.is_none()
        && query.history != History::All
        && !query.filter.chooses_by_content();
    let wanted = if query.follow { WantedRuns::All } else { WantedRuns::Last };
    is_about_last.then_some(wanted)
}
