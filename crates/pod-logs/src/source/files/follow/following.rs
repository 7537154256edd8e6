//! A log that is followed, as its reader uses it.

use std::sync::Arc;

use tokio::sync::watch;

use super::followed_log::{FollowedLog, NextFile};
use crate::{cost::ReadingCost, source::files::storage::log_file::LogFile};

/// The log that a reader follows, and how far.
#[derive(Debug)]
pub(crate) struct Following {
    pub(crate) log: Arc<FollowedLog>,
    /// Goes on when the container is started again.
    pub(crate) through_runs: bool,
}

impl Following {
    /// The cost of the file that the log goes on in after this one, if there is one by now.
    pub(crate) fn cost_after(&self, file: &Arc<LogFile>) -> ReadingCost {
        match self.log.next_after(file) {
            NextFile::File(next) | NextFile::AfterGap(next) => next.cost(),
            NextFile::Wait | NextFile::Ended => ReadingCost::default(),
        }
    }

    /// Reports changes. The first report comes at once: the log may have changed since it was read.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        let mut changes = self.log.subscribe();
        changes.mark_changed();
        changes
    }

    /// Whether the log goes on in, or after, the last of these files.
    pub(crate) fn concerns(&self, files: &[Arc<LogFile>]) -> bool {
        let followed = self.log.run();
        files.last().is_some_and(|file| self.through_runs || file.run == followed)
    }
}
