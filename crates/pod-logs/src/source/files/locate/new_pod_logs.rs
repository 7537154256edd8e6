//! Logs of many pods that appear while they are followed.

use std::{collections::BTreeSet, mem, sync::Arc};

use tokio::sync::watch;

use super::{
    finder::LogFinder,
    locate_error::LocateError,
    log_selection::LogSelection,
    open_among_many::open_log,
    selected_logs::{containers, from_first_line, has_log, name_of},
};
use crate::{
    cursor::log_key::LogKey,
    line::target::{LogName, PodRef},
    query::LogQuery,
    source::{
        files::directory::pod_logs::PodLogs,
        known_logs::{KnownLogs, Membership, PodPredicate},
        log_input::{FoundNewLogs, LogStart, ManyInput},
        pods::{pod_change::PodChangeKind, pod_watch::PodWatch},
    },
};

/// Finds logs of pods, containers and incarnations that a reader does not have yet.
#[derive(Debug)]
pub(crate) struct NewPodLogs {
    finder: Arc<LogFinder>,
    selection: LogSelection,
    /// Asks for a log from its first line and through all its runs.
    query: LogQuery,
    /// Tells which pods changed.
    watching: PodWatch,
    /// Pods that could not be looked at.
    missed: BTreeSet<PodRef>,
    /// All pods are to be looked at.
    looks_at_all: bool,
}

impl NewPodLogs {
    /// For a reader of what was selected after the watch had begun.
    pub(crate) fn new(
        finder: Arc<LogFinder>,
        selection: LogSelection,
        query: &LogQuery,
        watching: PodWatch,
    ) -> Self {
        let query = from_first_line(query);
        Self { finder, selection, query, watching, missed: BTreeSet::new(), looks_at_all: false }
    }

    /// Wakes when pods have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.watching.news()
    }

    /// Decides by `may_read` from now on which logs may join.
    pub(crate) fn restrict(&mut self, may_read: &PodPredicate) {
        self.selection.may_read = may_read.clone();
        self.looks_at_all = true;
    }

    /// Opens the logs that appeared since the last call, up to so many, and notes them. What cannot
    /// be looked at is looked at again by the next call.
    pub(crate) fn take(&mut self, known: &mut KnownLogs, room: usize) -> FoundNewLogs {
        let mut found = FoundNewLogs::default();
        for pod in self.pods_to_look_at(known) {
            let look = Look { known: &mut *known, room, found: &mut found };
            if let Err(error) = self.look_at(&pod, look) {
                tracing::debug!(%error, "cannot look for new logs of a pod");
                self.missed.insert(pod);
            }
        }
        found
    }

    fn pods_to_look_at(&mut self, known: &mut KnownLogs) -> BTreeSet<PodRef> {
        let mut pods = mem::take(&mut self.missed);
        let Ok(changes) = self.watching.take() else {
            self.looks_at_all = true;
            return pods;
        };
        for change in changes {
            let pod = &change.pod;
            if change.kind == PodChangeKind::Deleted {
                known.forget_pod(&pod.pod, &pod.uid);
            }
            if (self.selection.includes)(&pod.pod) {
                pods.insert(pod.pod.clone());
            }
        }
        if mem::take(&mut self.looks_at_all) {
            match self.finder.pod_names(&*self.selection.includes) {
                Ok(all) => pods.extend(all),
                Err(error) => {
                    tracing::debug!(%error, "cannot look for new logs of pods");
                    self.looks_at_all = true;
                }
            }
        }
        pods
    }

    fn look_at(&self, pod: &PodRef, mut look: Look<'_>) -> Result<(), LocateError> {
        let incarnations = self.finder.incarnations_of(pod)?;
        let may_read = (self.selection.may_read)(pod);
        let mut first_new = 0;
        for (index, pod) in incarnations.iter().enumerate() {
            let names = containers(pod, &self.selection)?;
            let is_known = |name| look.known.get(LogKey::of(&name_of(pod, name))).is_some();
            if names.iter().any(is_known) {
                first_new = index;
            }
        }
        for (index, pod) in incarnations.iter().enumerate().skip(first_new) {
            let is_last = index + 1 == incarnations.len();
            for container in containers(pod, &self.selection)? {
                let name = name_of(pod, &container);
                match look.known.get(LogKey::of(&name)) {
                    None if !may_read => look.hide(pod, &name)?,
                    None => self.open(pod, &name, LogStart::Here { last: None }, &mut look)?,
                    Some(Membership::Hidden | Membership::Forbidden) if may_read && is_last => {
                        self.open(pod, &name, LogStart::AtEnd, &mut look)?;
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    fn open(
        &self,
        pod: &PodLogs<'_>,
        name: &LogName,
        start: LogStart,
        look: &mut Look<'_>,
    ) -> Result<(), LocateError> {
        let key = LogKey::of(name);
        if look.has_no_room() {
            if has_log(pod, &name.container)? {
                look.known.set(key, name, Membership::Skipped);
                look.found.skipped.push(Arc::new(name.clone()));
            }
            return Ok(());
        }
        if let Some(input) = open_log(&self.finder, pod, &name.container, &self.query)? {
            look.known.set(key, name, Membership::Open);
            look.found.logs.push(ManyInput { input, key: Some(key), start });
        }
        Ok(())
    }
}

/// A look at pods.
struct Look<'a> {
    known: &'a mut KnownLogs,
    /// How many logs may be opened.
    room: usize,
    found: &'a mut FoundNewLogs,
}

impl Look<'_> {
    fn has_no_room(&self) -> bool {
        self.found.logs.len() >= self.room
    }

    /// Notes a log that may not be read.
    fn hide(&mut self, pod: &PodLogs<'_>, name: &LogName) -> Result<(), LocateError> {
        if has_log(pod, &name.container)? {
            self.known.set(LogKey::of(name), name, Membership::Hidden);
        }
        Ok(())
    }
}
