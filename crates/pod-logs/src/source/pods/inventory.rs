//! Which pods there are, and when each was seen to change.

#[cfg(test)]
mod inventory_tests;

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{
    pod_change::{PodChange, PodChangeKind, PodsByName, changes},
    pod_watch::PodWatch,
    seen_pod::SeenPod,
    versions::{VersionSpace, Versions},
};
use crate::line::target::PodRef;

/// How many changes are remembered by default. A watch that is further behind has to list again.
pub(crate) const MAX_CHANGES: usize = 1024;

/// All pods at one instant.
#[derive(Debug, Clone, Default)]
pub struct PodSurvey {
    /// A number of ticks since 1970, see [`VersionSpace`]. It rises with every survey, also from one start of the
    /// gateway to the next, whether or not anything has changed: a caller is not to learn from it
    /// that pods changed which the caller may not see.
    pub version: u64,
    /// The pods that have logs.
    pub pods: Arc<PodsByName>,
}

impl PodSurvey {
    /// Everything there is, as if it came now: what changed last comes last.
    pub fn as_changes(&self) -> Vec<PodChange> {
        let added = |pod: &Arc<SeenPod>| PodChange { kind: PodChangeKind::Added, pod: pod.clone() };
        let mut all: Vec<_> = self.pods.values().map(added).collect();
        all.sort_by_key(|change| change.pod.version);
        all
    }
}

/// The changes since a version are not remembered, or were never known.
#[derive(Debug, PartialEq, Eq)]
pub struct TooOld;

/// Remembers which pods there were, to tell what is new, and what was new lately.
#[derive(Debug, Default)]
pub struct PodInventory {
    /// When the last survey began. Held while one is made, so that there is one at a time: one that
    /// began earlier must not be remembered later.
    surveying: Mutex<Option<Instant>>,
    /// Never held while a file is read: event loops look here.
    memory: Mutex<PodMemory>,
    /// Counts the surveys in which something had changed.
    news: watch::Sender<u64>,
}

#[derive(Debug)]
struct PodMemory {
    space: VersionSpace,
    /// How many changes are remembered.
    max_changes: usize,
    pods: Arc<PodsByName>,
    /// The latest, sorted by version.
    changes: VecDeque<PodChange>,
    /// The greatest version given to a caller: the next change has a greater one.
    version: u64,
    /// All that changed after this version is remembered. 0 before the first survey.
    known_since: u64,
}

impl PodInventory {
    /// An inventory with these versions, which remembers so many changes.
    #[must_use]
    pub fn numbered(space: VersionSpace, max_changes: usize) -> Self {
        let memory = PodMemory { space, max_changes, ..PodMemory::default() };
        Self { memory: Mutex::new(memory), ..Self::default() }
    }

    /// Has the source look which pods there are now; `look` gets those that are remembered, and
    /// gives the very ones of them that did not change. Callers that wait for each other share a
    /// look.
    ///
    /// # Errors
    /// Those of `look`. The inventory does not change then.
    pub(crate) fn survey(
        &self,
        now: DateTime<Utc>,
        look: impl FnOnce(&PodsByName) -> io::Result<PodsByName>,
    ) -> io::Result<PodSurvey> {
        let asked = Instant::now();
        let mut last_began = self.surveying();
        let before = self.memory().pods.clone();
        if last_began.is_some_and(|began| began >= asked) {
            // Another caller that waited has looked since.
            return Ok(self.memory().survey(since_1970(now, asked)));
        }
        let (began, began_at) = (Instant::now(), since_1970(now, asked));
        let seen = look(&before)?;
        *last_began = Some(began);
        let mut memory = self.memory();
        if memory.apply(seen, began_at, since_1970(now, asked)) {
            self.news.send_modify(|news| *news += 1);
        }
        Ok(memory.survey(since_1970(now, asked)))
    }

    /// Applies what the source was told of pods: how a pod is now, or `None` if it is gone. Pods of
    /// which nothing is told stay as they are.
    pub fn tell(
        &self,
        told: impl IntoIterator<Item = (PodRef, Option<SeenPod>)>,
        now: DateTime<Utc>,
    ) {
        let asked = Instant::now();
        let mut memory = self.memory();
        let began = since_1970(now, asked);
        let mut pods = (*memory.pods).clone();
        for (name, pod) in told {
            note(&mut pods, &name, pod);
        }
        if memory.apply(pods, began, since_1970(now, asked)) {
            self.news.send_modify(|news| *news += 1);
        }
    }

    /// The pods as the source was told of them.
    pub fn present(&self, now: DateTime<Utc>) -> PodSurvey {
        self.memory().survey(since_1970(now, Instant::now()))
    }

    /// Begins to wait for what the source is told after this version.
    ///
    /// # Errors
    /// When that is not known.
    pub fn watch(self: &Arc<Self>, version: u64) -> Result<PodWatch, TooOld> {
        PodWatch::begin(self, version, None)
    }

    /// What changed after this version, and the version at present, up to which that is all.
    pub(crate) fn since(&self, version: u64) -> Result<(Vec<PodChange>, u64), TooOld> {
        let memory = self.memory();
        Ok((memory.since(version)?.cloned().collect(), memory.version))
    }

    /// As [`since`](Self::since), with a version that no caller was given before.
    pub(crate) fn since_as_of(
        &self,
        version: u64,
        now: DateTime<Utc>,
    ) -> Result<(Vec<PodChange>, u64), TooOld> {
        let mut memory = self.memory();
        let present = memory.next_version(since_1970(now, Instant::now()));
        Ok((memory.since(version)?.cloned().collect(), present))
    }

    /// The pods as they were at this version.
    ///
    /// # Errors
    /// When that is not known.
    pub fn pods_at(&self, version: u64) -> Result<PodsByName, TooOld> {
        let memory = self.memory();
        let mut pods = (*memory.pods).clone();
        let changes: Vec<&PodChange> = memory.since(version)?.collect();
        for PodChange { kind, pod } in changes.into_iter().rev() {
            match kind {
                PodChangeKind::Added => drop(pods.remove(&key_of(&pod.pod))),
                PodChangeKind::Modified => {}
                PodChangeKind::Deleted => drop(pods.insert(key_of(&pod.pod), pod.clone())),
            }
        }
        Ok(pods)
    }

    /// All pods as they are known at present.
    pub(crate) fn all(&self) -> Arc<PodsByName> {
        self.memory().pods.clone()
    }

    /// The pod as it is known at present.
    pub(crate) fn get(&self, pod: &PodRef) -> Option<Arc<SeenPod>> {
        self.memory().pods.get(&key_of(pod)).cloned()
    }

    /// The version at present.
    pub(crate) fn version(&self) -> u64 {
        self.memory().version
    }

    /// Wakes when something has changed.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    pub(crate) fn surveying(&self) -> MutexGuard<'_, Option<Instant>> {
        // It changes in one go, at the end of a survey.
        self.surveying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, PodMemory> {
        // It changes in one go, at the end of a survey.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for PodMemory {
    fn default() -> Self {
        Self {
            space: VersionSpace::default(),
            max_changes: MAX_CHANGES,
            pods: Arc::default(),
            changes: VecDeque::new(),
            version: 0,
            known_since: 0,
        }
    }
}

impl PodMemory {
    /// Makes these the pods of the last survey, which took from `began` to `now`, and says whether
    /// they differ from those before.
    fn apply(&mut self, mut pods: PodsByName, began: Duration, now: Duration) -> bool {
        let is_first = self.known_since == 0;
        let mut versions = Versions::between(
            self.space,
            self.version.max(self.space.at(began)),
            self.space.at(now),
        );
        let mut changes = changes(&self.pods, &mut pods, &mut versions);
        self.pods = Arc::new(pods);
        self.version = versions.last.max(self.version);
        if is_first {
            // Nothing is known of what was before.
            self.known_since = self.version.max(1);
            return true;
        }
        let has_changed = !changes.is_empty();
        changes.sort_by_key(|change| change.pod.version);
        self.changes.extend(changes);
        while self.changes.len() > self.max_changes {
            let forgotten = self.changes.pop_front();
            self.known_since = forgotten.map_or(self.version, |change| change.pod.version);
        }
        has_changed
    }

    fn survey(&mut self, now: Duration) -> PodSurvey {
        PodSurvey { version: self.next_version(now), pods: self.pods.clone() }
    }

    fn next_version(&mut self, now: Duration) -> u64 {
        self.version = self.space.at(now).max(self.space.after(self.version));
        self.version
    }

    fn since(&self, version: u64) -> Result<impl Iterator<Item = &PodChange>, TooOld> {
        let is_known = (self.known_since..=self.version).contains(&version);
        if self.known_since == 0 || !is_known || !self.space.contains(version) {
            return Err(TooOld);
        }
        let first = self.changes.partition_point(|change| change.pod.version <= version);
        Ok(self.changes.range(first..))
    }
}

/// Now, as the time since 1970: `at` is what the clock said at that instant.
fn since_1970(at: DateTime<Utc>, instant: Instant) -> Duration {
    let then = Duration::from_micros(u64::try_from(at.timestamp_micros()).unwrap_or(0));
    then + instant.elapsed()
}

/// The key of a pod among [`PodsByName`].
pub(crate) fn key_of(pod: &PodRef) -> (String, String) {
    (pod.namespace.to_string(), pod.pod.to_string())
}

/// Puts the pod into its place, as the very one that is there if it did not change.
fn note(pods: &mut PodsByName, name: &PodRef, pod: Option<SeenPod>) {
    let key = key_of(name);
    let Some(mut pod) = pod else {
        pods.remove(&key);
        return;
    };
    if let Some(before) = pods.get(&key).filter(|before| before.uid == pod.uid) {
        (pod.version, pod.since) = (before.version, before.since);
        if **before == pod {
            return;
        }
    }
    pods.insert(key, Arc::new(pod));
}
