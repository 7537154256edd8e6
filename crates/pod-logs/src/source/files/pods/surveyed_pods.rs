//! The pods of a node: what they are, and what changes.

#[cfg(test)]
mod tests;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tracing::{Instrument, error_span};

use super::{pod_look::look_at, summaries::pod_summaries, survey_task::survey_while_watched};
use crate::{
    line::target::PodRef,
    source::{
        files::{
            directory::log_directory::LogDirectory,
            watching::{directory_watch::DirectoryWatch, task_readers::TaskReaders},
        },
        pods::{
            inventory::{PodInventory, PodSurvey, TooOld, key_of},
            pod_change::PodsByName,
            pod_summary::{PodSummaries, PodSummary},
            pod_watch::PodWatch,
        },
    },
};

/// Looks at the log directory, and remembers what it showed.
#[derive(Debug)]
pub(crate) struct SurveyedPods {
    pub(super) directory: Arc<LogDirectory>,
    /// Tells when the log directory changes.
    pub(super) watch: Arc<DirectoryWatch>,
    /// The node on which they run.
    node: Option<Arc<str>>,
    pub(crate) inventory: Arc<PodInventory>,
    /// The pod watches, for which one task surveys.
    watches: Mutex<TaskReaders<()>>,
    /// All pods as a list shows them, and when that was looked at. Held during a look, so that
    /// there is one at a time.
    lately: Mutex<Option<(Instant, PodSummaries)>>,
}

impl SurveyedPods {
    pub(crate) fn new(
        directory: Arc<LogDirectory>,
        watch: Arc<DirectoryWatch>,
        node: Option<Arc<str>>,
    ) -> Self {
        let (inventory, watches) = (Arc::default(), Mutex::default());
        Self { directory, watch, node, inventory, watches, lately: Mutex::default() }
    }

    /// Looks which pods there are now: of each the incarnation that was written last.
    ///
    /// # Errors
    /// When a directory or file cannot be read for a reason other than its absence.
    pub(crate) fn survey(&self, now: DateTime<Utc>) -> io::Result<PodSurvey> {
        let look =
            |before: &PodsByName| last_incarnations(&self.directory, self.node.as_ref(), before);
        self.inventory.survey(now, look)
    }

    /// Begins to wait for what changes after this version of the survey. `now` tells the time.
    ///
    /// # Errors
    /// When that is not known.
    pub(crate) fn watch(
        self: &Arc<Self>,
        version: u64,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<PodWatch, TooOld> {
        let counted: Arc<()> = Arc::default();
        let watching = PodWatch::begin(&self.inventory, version, Some(counted.clone()))?;
        if self.watches().add(&counted) {
            let surveying = survey_while_watched(self.clone(), now);
            tokio::spawn(surveying.instrument(error_span!("pod_survey")));
        }
        Ok(watching)
    }

    /// All pods as they were at most `max_age` ago.
    pub(crate) fn summaries_lately(&self, max_age: Duration) -> io::Result<PodSummaries> {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((looked_at, pods)) = &*lately
            && looked_at.elapsed() <= max_age
        {
            return Ok(pods.clone());
        }
        let began = Instant::now();
        let pods = self.summaries(|_| true)?.into_iter().map(Arc::new);
        let pods = Arc::new(pods.collect());
        *lately = Some((began, Arc::clone(&pods)));
        Ok(pods)
    }

    /// The pods that `may_see` lets through.
    pub(crate) fn summaries(
        &self,
        may_see: impl Fn(&PodRef) -> bool,
    ) -> io::Result<Vec<PodSummary>> {
        pod_summaries(&self.directory, self.node.as_ref(), may_see)
    }

    pub(super) fn watches(&self) -> MutexGuard<'_, TaskReaders<()>> {
        // It changes in one go.
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pods now, each as its incarnation that was written last shows it.
fn last_incarnations(
    directory: &LogDirectory,
    node: Option<&Arc<str>>,
    before: &PodsByName,
) -> io::Result<PodsByName> {
    let mut seen = PodsByName::new();
    let everything = |_: &PodRef| true;
    directory.for_each_pod(everything, |pod, mut incarnations| {
        if let Some(last) = incarnations.pop() {
            let key = key_of(pod);
            let before = before.get(&key);
            seen.insert(key, look_at(&last, node, before)?);
        }
        Ok(())
    })?;
    Ok(seen)
}
