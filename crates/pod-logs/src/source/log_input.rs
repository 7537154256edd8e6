//! Logs that were found, on their way to become lines.

use std::{io, sync::Arc};

use super::{
    files::{
        lines::file_lines::FileLog,
        locate::new_containers::{ContainerSearch, NewContainers},
    },
    line_source::LineSource,
};
use crate::line::{
    filter::{LineFilter, levels_before::LevelsBefore},
    log_line::LineCount,
    target::LogName,
};

/// A container's log that was found. Nothing was read of it yet.
#[derive(Debug)]
pub(crate) enum LogInput {
    /// In the files of a node.
    Files(FileLog),
}

impl LogInput {
    /// Which log it is.
    pub(crate) fn name(&self) -> &Arc<LogName> {
        match self {
            Self::Files(log) => &log.name,
        }
    }

    /// Shortens the log to an end that holds its last `wanted` lines that pass the filter, and
    /// counts those that pass in it; there may be more.
    pub(crate) fn shorten(&mut self, filter: &LineFilter, wanted: u64) -> io::Result<LineCount> {
        match self {
            Self::Files(log) => log.shorten(filter, wanted),
        }
    }

    /// The levels of the lines that the reader has seen already.
    pub(crate) fn levels_before(&self) -> LevelsBefore {
        match self {
            Self::Files(log) => log.levels_before(),
        }
    }

    /// Opens the log for reading. Lines that cannot pass the filter may be left out; all others are
    /// there, and maybe some that do not pass.
    pub(crate) fn open(self, filter: &LineFilter) -> io::Result<LineSource> {
        Ok(match self {
            Self::Files(log) => LineSource::Files(log.open(filter)?),
        })
    }
}

/// Finds logs of containers that appear while all containers of a pod are followed.
#[derive(Debug)]
pub(crate) enum NewLogs {
    /// In the files of a node.
    Files(NewContainers),
}

impl NewLogs {
    /// The logs of containers that appeared since the last call, often none. `None` when the pod
    /// is gone, so that no container can appear any more.
    pub(crate) fn take(&mut self) -> Option<Vec<LogInput>> {
        match self {
            Self::Files(containers) => match containers.take() {
                ContainerSearch::Logs(logs) => {
                    Some(logs.into_iter().map(LogInput::Files).collect())
                }
                ContainerSearch::PodGone => None,
            },
        }
    }
}
