//! Logs of many pods that appear while they are followed.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
};

use tokio::sync::watch;

use super::{
    begun_log::LogBegin,
    selecting::{ManySource, object_of},
};
use crate::{
    cursor::log_key::LogKey,
    line::target::{LogName, PodRef},
    merge_clock::MergeClock,
    query::LogQuery,
    source::{
        files::locate::{locate_error::LocateError, log_selection::LogSelection},
        known_logs::{KnownLogs, Membership, PodPredicate},
        kubernetes::pods::cluster_pods::ClusterPods,
        log_input::{FoundNewLogs, LogInput, ManyInput},
        pods::{pod_change::PodChangeKind, pod_watch::PodWatch, seen_pod::SeenPod},
    },
};

/// Finds logs of pods, containers and incarnations that a reader does not have yet.
#[derive(Debug)]
pub(crate) struct NewApiLogs {
    source: ManySource,
    pods: Arc<ClusterPods>,
    selection: LogSelection,
    query: LogQuery,
    /// Tells which pods changed.
    watching: PodWatch,
    clock: MergeClock,
    /// All pods are to be looked at.
    looks_at_all: bool,
}

impl NewApiLogs {
    /// For a reader of what was selected after the watch had begun.
    pub(super) fn new(
        source: ManySource,
        pods: Arc<ClusterPods>,
        selection: LogSelection,
        query: &LogQuery,
        watching: PodWatch,
        clock: MergeClock,
    ) -> Self {
        let query = query.clone();
        Self { source, pods, selection, query, watching, clock, looks_at_all: false }
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

    /// Begins to receive the logs that appeared since the last call, up to so many, and notes them.
    pub(crate) fn take(&mut self, known: &mut KnownLogs, room: usize) -> FoundNewLogs {
        let mut look = Look { known, room, found: FoundNewLogs::default() };
        for pod in self.pods_to_look_at(look.known) {
            if let Err(error) = self.look_at(&pod, &mut look) {
                tracing::debug!(%error, "cannot look for new logs of a pod");
            }
        }
        look.found
    }

    /// Those that changed and are asked for, as they are now.
    fn pods_to_look_at(&mut self, known: &mut KnownLogs) -> Vec<Arc<SeenPod>> {
        let changes = self.watching.take().unwrap_or_else(|_| {
            self.looks_at_all = true;
            Vec::new()
        });
        for change in &changes {
            if change.kind == PodChangeKind::Deleted {
                known.forget_pod(&change.pod.pod, &change.pod.uid);
            }
        }
        let inventory = self.pods.inventory();
        let pods: Vec<_> = match mem::take(&mut self.looks_at_all) {
            true => inventory.all().values().cloned().collect(),
            false => {
                let names: BTreeSet<&PodRef> =
                    changes.iter().map(|change| &change.pod.pod).collect();
                names.into_iter().filter_map(|pod| inventory.get(pod)).collect()
            }
        };
        pods.into_iter().filter(|pod| self.selection.chooses(pod)).collect()
    }

    fn look_at(&self, pod: &SeenPod, look: &mut Look<'_>) -> Result<(), LocateError> {
        let may_read = (self.selection.may_read)(&pod.pod);
        let begun = self.selection.begun_in(pod);
        let mut begins = BTreeMap::new();
        for name in begun {
            let key = LogKey::of(&name);
            match look.known.get(key) {
                None if !may_read => look.known.set(key, &name, Membership::Hidden),
                None => drop(begins.insert(name, (key, LogBegin::AtFirstLine))),
                Some(Membership::Hidden | Membership::Forbidden) if may_read => {
                    begins.insert(name, (key, LogBegin::From(self.clock.now())));
                }
                Some(_) => {}
            }
        }
        if begins.is_empty() {
            return Ok(());
        }
        // Most changes are about something else.
        let object = object_of(pod).unwrap_or_default();
        for (name, (key, begin)) in begins {
            let begun = begin.of(&self.source, &object, name.clone(), &self.query)?;
            let Some(begun) = begun else { continue };
            if look.has_no_room() {
                look.skip(key, name);
                continue;
            }
            let log = begun.log.open_later(&begun.query);
            look.known.set(key, &name, Membership::Open);
            let input = LogInput::Kubernetes(Box::new(log));
            look.found.logs.push(ManyInput { input, key: Some(key), start: begun.start });
        }
        Ok(())
    }
}

/// A look at pods.
struct Look<'a> {
    known: &'a mut KnownLogs,
    /// How many logs may be read.
    room: usize,
    found: FoundNewLogs,
}

impl Look<'_> {
    fn has_no_room(&self) -> bool {
        self.found.logs.len() >= self.room
    }

    fn skip(&mut self, key: LogKey, name: LogName) {
        self.known.set(key, &name, Membership::Skipped);
        self.found.skipped.push(Arc::new(name));
    }
}
