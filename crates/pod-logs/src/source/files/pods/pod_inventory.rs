//! The pods of a node: what they are, and what changes.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::{
    inventory::{Inventory, PodSurvey},
    pod_summary::{PodSummaries, PodSummary, pod_summaries},
};
use crate::{
    line::target::PodRef,
    source::files::{
        directory::log_directory::LogDirectory,
        watching::{directory_watch::DirectoryWatch, task_readers::TaskReaders},
    },
};

/// Looks at the log directory, and remembers what it showed.
#[derive(Debug)]
pub(crate) struct PodInventory {
    pub(super) directory: Arc<LogDirectory>,
    /// Tells when the log directory changes.
    pub(super) watch: Arc<DirectoryWatch>,
    pub(crate) inventory: Inventory,
    /// The pod watches, for which one task surveys.
    watches: Mutex<TaskReaders<()>>,
    /// All pods as a list shows them, and when that was looked at. Held during a look, so that
    /// there is one at a time.
    lately: Mutex<Option<(Instant, PodSummaries)>>,
}

impl PodInventory {
    pub(crate) fn new(directory: Arc<LogDirectory>, watch: Arc<DirectoryWatch>) -> Self {
        let (inventory, watches) = (Inventory::default(), Mutex::default());
        Self { directory, watch, inventory, watches, lately: Mutex::default() }
    }

    /// Looks which pods there are now: of each the incarnation that was written last.
    pub(crate) fn survey(&self, now: DateTime<Utc>) -> io::Result<PodSurvey> {
        self.inventory.survey(&self.directory, now)
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
        let pods = pod_summaries(&self.directory, |_| true)?.into_iter().map(Arc::new);
        let pods = Arc::new(pods.collect());
        *lately = Some((began, Arc::clone(&pods)));
        Ok(pods)
    }

    /// The pods that `may_see` lets through.
    pub(crate) fn summaries(
        &self,
        may_see: impl Fn(&PodRef) -> bool,
    ) -> io::Result<Vec<PodSummary>> {
        pod_summaries(&self.directory, may_see)
    }

    pub(super) fn watches(&self) -> MutexGuard<'_, TaskReaders<()>> {
        // It changes in one go.
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
