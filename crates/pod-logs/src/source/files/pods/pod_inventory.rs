//! The pods of a node: what they are, and what changes.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    inventory::{Inventory, PodSurvey},
    pod_summary::{PodSummary, pod_summaries},
    watchers::Watchers,
};
use crate::{
    line::target::PodRef,
    source::files::{
        directory::log_directory::LogDirectory, follow::directory_watch::DirectoryWatch,
    },
};

/// Looks at the log directory, and remembers what it showed.
#[derive(Debug)]
pub(crate) struct PodInventory {
    pub(super) directory: Arc<LogDirectory>,
    /// Tells when the log directory changes.
    pub(super) watch: Arc<DirectoryWatch>,
    pub(crate) inventory: Inventory,
    pub(super) watchers: Watchers,
}

impl PodInventory {
    pub(crate) fn new(directory: Arc<LogDirectory>, watch: Arc<DirectoryWatch>) -> Self {
        let (inventory, watchers) = (Inventory::default(), Watchers::default());
        Self { directory, watch, inventory, watchers }
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
}
