//! Logs that were found, on their way to become lines.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{
    files::{
        lines::file_lines::FileLog,
        locate::{
            new_containers::{ContainerSearch, NewContainers},
            new_pod_logs::NewPodLogs,
        },
    },
    known_logs::{KnownLogs, PodPredicate},
    kubernetes::{
        lines::api_log::ApiLog,
        many::{new_api_logs::NewApiLogs, new_pod_containers::NewPodContainers},
    },
    line_source::LineSource,
};
use crate::{
    cost::ReadingCost,
    cursor::{log_key::LogKey, merged_cursor::ReadEntry},
    line::{
        filter::{LineFilter, levels_before::LevelsBefore},
        log_line::LineCount,
        target::LogName,
    },
};

/// A container's log that was found. Nothing was read of it yet.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a log, and most are files")]
pub(crate) enum LogInput {
    /// In the files of a node.
    Files(FileLog),
    /// From the API server.
    Kubernetes(Box<ApiLog>),
}

impl LogInput {
    /// Which log it is.
    pub(crate) fn name(&self) -> &Arc<LogName> {
        match self {
            Self::Files(log) => &log.name,
            Self::Kubernetes(log) => &log.name,
        }
    }

    /// The cost of reading all of it.
    pub(crate) fn cost(&self) -> ReadingCost {
        match self {
            Self::Files(log) => log.chain.cost(),
            Self::Kubernetes(log) => log.cost(),
        }
    }

    /// Shortens the log to an end that holds its last `wanted` lines that pass the filter, and
    /// counts those that pass in it; there may be more.
    pub(crate) fn shorten(&mut self, filter: &LineFilter, wanted: u64) -> io::Result<LineCount> {
        match self {
            Self::Files(log) => log.shorten(filter, wanted),
            Self::Kubernetes(log) => Ok(log.counted()),
        }
    }

    /// The levels of the lines that the reader has seen already.
    pub(crate) fn levels_before(&self) -> LevelsBefore {
        match self {
            Self::Files(log) => log.levels_before(),
            Self::Kubernetes(log) => log.levels,
        }
    }

    /// Opens the log for reading. Lines that cannot pass the filter may be left out; all others are
    /// there, and maybe some that do not pass.
    pub(crate) fn open(self, filter: &LineFilter) -> io::Result<LineSource> {
        Ok(match self {
            Self::Files(log) => LineSource::Files(log.open(filter)?),
            Self::Kubernetes(log) => LineSource::Kubernetes(Box::new(log.lines)),
        })
    }
}

/// A log on its way into a merge.
#[derive(Debug)]
pub(crate) struct ManyInput {
    pub(crate) input: LogInput,
    /// What cursors call it, if it is one of many.
    pub(crate) key: Option<LogKey>,
    pub(crate) start: LogStart,
}

/// Where a log begins among others.
#[derive(Debug, Clone)]
pub(crate) enum LogStart {
    /// With its first line, or behind the last that was given, whose time is `last`.
    Here { last: Option<DateTime<Utc>> },
    /// Behind lines that are gone. `entry` is how the cursor knows the log.
    AfterLoss { last: Option<DateTime<Utc>>, entry: ReadEntry },
    /// Behind all that is there.
    AtEnd,
}

/// Finds logs that appear while others are followed.
#[derive(Debug)]
pub(crate) enum NewLogs {
    /// Of containers of one pod, in the files of a node.
    Containers(NewContainers),
    /// Of any pods that were selected, in the files of a node.
    Pods(NewPodLogs),
    /// The same, from the API server.
    Kubernetes(Box<NewApiLogs>),
    /// Of containers of one pod, from the API server.
    PodContainers(Box<NewPodContainers>),
}

/// Logs that appeared.
#[derive(Debug, Default)]
pub(crate) struct FoundNewLogs {
    pub(crate) logs: Vec<ManyInput>,
    /// Those that are too many.
    pub(crate) skipped: Vec<Arc<LogName>>,
}

impl NewLogs {
    /// The logs that appeared since the last call, often none. `None` when none can appear any
    /// more. Of many pods, `known` is what is known of their logs, and how many more may be read.
    pub(crate) fn take(&mut self, known: Option<(&mut KnownLogs, usize)>) -> Option<FoundNewLogs> {
        match (self, known) {
            (Self::Pods(pods), Some((known, room))) => Some(pods.take(known, room)),
            (Self::Kubernetes(pods), Some((known, room))) => Some(pods.take(known, room)),
            (Self::Pods(_) | Self::Kubernetes(_), None) => None,
            (Self::Containers(containers), _) => match containers.take() {
                ContainerSearch::Logs(logs) => {
                    let input = |log| ManyInput {
                        input: LogInput::Files(log),
                        key: None,
                        start: LogStart::Here { last: None },
                    };
                    let logs = logs.into_iter().map(input).collect();
                    Some(FoundNewLogs { logs, skipped: Vec::new() })
                }
                ContainerSearch::PodGone => None,
            },
            (Self::PodContainers(containers), _) => {
                let logs = containers.take()?;
                Some(FoundNewLogs { logs, skipped: Vec::new() })
            }
        }
    }

    /// Whether none can appear for the time being: a reading that has come to its end is over then.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Self::PodContainers(containers) if containers.is_refused())
    }

    /// Decides by `may_read` from now on which logs may join.
    pub(crate) fn restrict(&mut self, may_read: &PodPredicate) {
        match self {
            Self::Pods(pods) => pods.restrict(may_read),
            Self::Kubernetes(pods) => pods.restrict(may_read),
            Self::Containers(_) | Self::PodContainers(_) => {}
        }
    }

    /// Wakes when logs may have appeared, if that is told.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        match self {
            Self::Pods(pods) => Some(pods.changes()),
            Self::Kubernetes(pods) => Some(pods.changes()),
            Self::PodContainers(containers) => Some(containers.changes()),
            Self::Containers(_) => None,
        }
    }
}
