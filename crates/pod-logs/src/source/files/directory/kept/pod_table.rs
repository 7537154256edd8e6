//! Which pods are kept, which are worth it, and which watches tell of them.

#[cfg(test)]
mod pod_table_tests;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{change_watch::WatchId, kept_pod::KeptPod};
use crate::{line::target::PodRef, source::files::directory::layout::PodDirectory};

/// How many pods are known at most.
const MAX_PODS: usize = 1024;

/// Names a look into a pod's directory while it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LookId(u64);

/// The pods that were asked about lately.
#[derive(Debug, Default)]
pub(super) struct PodTable {
    pods: HashMap<PodRef, KnownPod>,
    /// The directory that each watch is of; `None` is the log directory.
    watched: HashMap<WatchId, Option<PodRef>>,
    /// Counts uses, to tell which pod was used least recently.
    uses: u64,
    /// Open files of all pods.
    descriptors: usize,
}

#[derive(Debug)]
struct KnownPod {
    state: PodState,
    /// When it came into this state.
    since: Instant,
    last_use: u64,
    /// It was there at the last sweep.
    was_swept: bool,
    watches: Vec<WatchId>,
}

#[derive(Debug)]
enum PodState {
    /// It was asked about once. Another time soon makes it worth keeping.
    Asked,
    /// It is being looked into.
    Looking(LookId),
    Kept(Arc<KeptPod>),
    /// It cannot be kept.
    Refused,
}

/// Watches that nothing needs any more.
pub(super) type UnneededWatches = Vec<WatchId>;

impl PodTable {
    /// What is kept of a pod, if it is not older than `max_age`.
    pub(super) fn find(
        &mut self,
        pod: &PodRef,
        now: Instant,
        max_age: Duration,
    ) -> Option<Arc<KeptPod>> {
        let known = self.pods.get_mut(pod)?;
        let PodState::Kept(kept) = &known.state else {
            return None;
        };
        if now.duration_since(known.since) >= max_age {
            return None;
        }
        self.uses += 1;
        known.last_use = self.uses;
        Some(kept.clone())
    }

    /// Notes that a pod was asked about which [`find`](Self::find) did not find. The answer says
    /// whether to look into it now: it was asked about within `max_age` before, and nobody else
    /// looks.
    pub(super) fn ask(
        &mut self,
        pod: &PodRef,
        now: Instant,
        max_age: Duration,
    ) -> (Option<LookId>, UnneededWatches) {
        self.uses += 1;
        let known = self.pods.get(pod);
        let is_recent = known.is_some_and(|known| now.duration_since(known.since) < max_age);
        let is_worth_it = match known.map(|known| &known.state) {
            Some(PodState::Looking(_) | PodState::Refused) if is_recent => {
                return (None, Vec::new());
            }
            Some(PodState::Asked) => is_recent,
            Some(PodState::Kept(_)) => true,
            _ => false,
        };
        let mut unneeded = self.forget(pod);
        if self.pods.len() >= MAX_PODS {
            unneeded.extend(self.forget_least_recent(|_| true));
        }
        let look = is_worth_it.then_some(LookId(self.uses));
        let state = look.map_or(PodState::Asked, PodState::Looking);
        let known = KnownPod {
            state,
            since: now,
            last_use: self.uses,
            was_swept: false,
            watches: Vec::new(),
        };
        self.pods.insert(pod.clone(), known);
        (look, unneeded)
    }

    /// Whether the look goes on: nothing has happened to the pod meanwhile.
    pub(super) fn is_looking(&self, pod: &PodRef, look: LookId) -> bool {
        self.pods.get(pod).is_some_and(|known| known.is_looking(look))
    }

    /// Notes that a watch tells of the log directory.
    pub(super) fn watch_root(&mut self, watch: WatchId) {
        self.watched.insert(watch, None);
    }

    /// Notes that a watch tells of a directory of a pod that is looked into. False if it tells of
    /// another pod already, which has the same directory by another name.
    pub(super) fn watch(&mut self, pod: &PodRef, watch: WatchId) -> bool {
        let owner = self.watched.entry(watch).or_insert_with(|| Some(pod.clone()));
        let is_own = owner.as_ref() == Some(pod);
        if let Some(known) = self.pods.get_mut(pod).filter(|_| is_own) {
            known.watches.push(watch);
        }
        is_own
    }

    /// Ends a look with what is to be kept, or without. So many descriptors may be held in all.
    pub(super) fn end_look(
        &mut self,
        pod: &PodRef,
        look: LookId,
        kept: Option<Arc<KeptPod>>,
        max_descriptors: usize,
    ) -> UnneededWatches {
        let fits = |kept: &Arc<KeptPod>| kept.descriptors() <= max_descriptors;
        let kept = kept.filter(fits);
        let descriptors = kept.as_ref().map_or(0, |kept| kept.descriptors());
        let mut unneeded = Vec::new();
        while self.descriptors + descriptors > max_descriptors {
            unneeded.extend(self.forget_least_recent(|known| known.descriptors() > 0));
        }
        let Some(known) = self.pods.get_mut(pod).filter(|known| known.is_looking(look)) else {
            return unneeded;
        };
        let is_kept = kept.is_some();
        known.state = kept.map_or(PodState::Refused, PodState::Kept);
        self.descriptors += descriptors;
        if !is_kept {
            let watches = std::mem::take(&mut known.watches);
            unneeded.extend(self.unwatched(watches));
        }
        unneeded
    }

    /// Drops what is known of the pod whose directory this watch tells of; of any incarnation with
    /// this name if it is that of the log directory. True if something happened to the log
    /// directory itself.
    pub(super) fn apply(
        &mut self,
        watch: WatchId,
        name: Option<&str>,
        unneeded: &mut UnneededWatches,
    ) -> bool {
        let pod = match (self.watched.get(&watch), name) {
            // A watch that was ended.
            (None, _) => return false,
            (Some(None), None) => return true,
            (Some(None), Some(name)) => PodDirectory::parse(name).map(|directory| directory.pod),
            (Some(Some(pod)), _) => Some(pod.clone()),
        };
        unneeded.extend(pod.map(|pod| self.forget(&pod)).unwrap_or_default());
        false
    }

    /// Drops what was there at the last sweep. What was kept since then stays.
    pub(super) fn sweep(&mut self) -> UnneededWatches {
        let old = self.pods.iter().filter(|(_, known)| known.was_swept);
        let old: Vec<PodRef> = old.map(|(pod, _)| pod.clone()).collect();
        self.pods.values_mut().for_each(|known| known.was_swept = true);
        old.iter().flat_map(|pod| self.forget(pod)).collect()
    }

    /// Drops everything, watches included.
    pub(super) fn clear(&mut self) {
        self.pods.clear();
        self.watched.clear();
        self.descriptors = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// How many files are held open.
    pub(super) fn descriptors(&self) -> usize {
        self.descriptors
    }

    fn forget(&mut self, pod: &PodRef) -> UnneededWatches {
        let Some(known) = self.pods.remove(pod) else {
            return Vec::new();
        };
        self.descriptors -= known.descriptors();
        self.unwatched(known.watches)
    }

    fn unwatched(&mut self, watches: Vec<WatchId>) -> UnneededWatches {
        watches.iter().for_each(|watch| drop(self.watched.remove(watch)));
        watches
    }

    fn forget_least_recent(&mut self, is_chosen: impl Fn(&KnownPod) -> bool) -> UnneededWatches {
        let chosen = self.pods.iter().filter(|(_, known)| is_chosen(known));
        let oldest = chosen.min_by_key(|(_, known)| known.last_use);
        let oldest = oldest.map(|(pod, _)| pod.clone());
        oldest.map(|pod| self.forget(&pod)).unwrap_or_default()
    }
}

impl KnownPod {
    fn descriptors(&self) -> usize {
        match &self.state {
            PodState::Kept(kept) => kept.descriptors(),
            _ => 0,
        }
    }

    fn is_looking(&self, look: LookId) -> bool {
        matches!(self.state, PodState::Looking(present) if present == look)
    }
}
