//! The pods of a node: what they are, and what changes.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};

use super::{
    inventory::{Inventory, PodSurvey},
    pod_summary::{PodSummary, pod_summaries},
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
}

impl PodInventory {
    pub(crate) fn new(directory: Arc<LogDirectory>, watch: Arc<DirectoryWatch>) -> Self {
        let (inventory, watches) = (Inventory::default(), Mutex::default());
        Self { directory, watch, inventory, watches }
    }

    /// Looks which pods there are now: of each the incarnation that was written last.
    pub(crate) fn survey(&self, now: DateTime<Utc>) -> io::Result<PodSurvey> {
        self.inventory.survey(&self.directory, now)
    }

    /// The pods that `may_see` lets through, all incarnations.
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
