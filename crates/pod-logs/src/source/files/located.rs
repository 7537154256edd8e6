//! The logs that answer a query.

use std::collections::BTreeSet;

#[cfg(test)]
use super::lines::file_lines::FileLog;
use super::locate::{
    anchor::ClaimedPosition, locate_error::LocateError, selected_logs::SelectedLogs,
};
use crate::{
    cost::ReadingCost,
    line::target::{ContainerName, PodUid},
    source::log_input::{LogInput, NewLogs},
};

/// The logs that answer a query. Whether the query's cursor is right about them is not known yet.
#[derive(Debug)]
pub struct FoundLog {
    pub(crate) log: LocatedLog,
    pub(crate) claims: Vec<ClaimedPosition>,
}

/// The logs that answer a query, as they are at this instant.
#[derive(Debug)]
pub struct LocatedLog {
    pub(crate) uid: PodUid,
    /// A log of each container; one at least.
    pub(crate) logs: Vec<LogInput>,
    /// Finds containers that appear, if they belong to the log.
    pub(crate) new_containers: Option<NewLogs>,
}

/// The logs of many pods, as they are at this instant.
#[derive(Debug)]
pub struct LocatedLogs {
    pub(crate) checksum: u32,
    pub(crate) max_logs: usize,
    pub(crate) selected: SelectedLogs,
    /// Finds logs that appear, if they are followed.
    pub(crate) new_logs: Option<NewLogs>,
}

impl LocatedLogs {
    /// How many pods there are logs of.
    #[must_use]
    pub fn pod_count(&self) -> usize {
        let pods = self.selected.inputs.iter().map(|log| &log.input.name().pod);
        pods.collect::<BTreeSet<_>>().len()
    }

    /// The cost of reading all of them.
    #[must_use]
    pub fn cost(&self) -> ReadingCost {
        self.selected.inputs.iter().map(|log| log.input.cost()).sum()
    }
}

impl FoundLog {
    /// Checks what the query's cursor says about the files. A compressed file is read up to the
    /// place, wherever that is.
    ///
    /// # Errors
    /// When no line begins where one should.
    pub fn check(self) -> Result<LocatedLog, LocateError> {
        for claim in &self.claims {
            claim.check()?;
        }
        Ok(self.log)
    }
}

impl LocatedLog {
    /// The only log, which is in files.
    #[cfg(test)]
    pub(crate) fn into_file_log(mut self) -> FileLog {
        match self.logs.pop() {
            Some(LogInput::Files(log)) => log,
            other => panic!("{other:?}"),
        }
    }

    /// The incarnation of the pod.
    #[must_use]
    pub fn uid(&self) -> &PodUid {
        &self.uid
    }

    /// The containers that wrote the logs, in the order of the logs.
    #[must_use]
    pub fn containers(&self) -> Vec<ContainerName> {
        self.logs.iter().map(|log| log.name().container.clone()).collect()
    }

    /// The same with its tokens as they stand in the files. For benches alone: nothing else shows
    /// what masking costs.
    #[doc(hidden)]
    #[must_use]
    pub fn without_masking(mut self) -> Self {
        for log in &mut self.logs {
            if let LogInput::Files(log) = log {
                log.chain.is_masked = false;
            }
        }
        self
    }

    /// The cost of reading all of it.
    #[must_use]
    pub fn cost(&self) -> ReadingCost {
        self.logs.iter().map(LogInput::cost).sum()
    }
}
