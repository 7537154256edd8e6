//! A container's log that is received.

use std::sync::Arc;

use super::api_lines::ApiLines;
use crate::{
    cost::ReadingCost,
    line::{
        filter::levels_before::LevelsBefore,
        log_line::{LineCount, UnfinishedLine},
        target::LogName,
    },
};

/// A container's log that is received. No line was read of it yet.
#[derive(Debug)]
pub(crate) struct ApiLog {
    pub(crate) name: Arc<LogName>,
    pub(crate) lines: ApiLines,
    /// The lines that pass, if they were counted because only the last ones are asked for.
    pub(crate) count: LineCount,
    /// The levels of the lines that the reader has seen already.
    pub(crate) levels: LevelsBefore,
}

impl ApiLog {
    /// The lines that pass the filter of the query with which the log was found. Only that query's
    /// tail can be asked for: its beginning is where the log was begun.
    pub(crate) fn counted(&self) -> LineCount {
        let LineCount { finished, unfinished } = &self.count;
        let unfinished = unfinished
            .iter()
            .map(|UnfinishedLine { time, end }| UnfinishedLine { time: *time, end: *end });
        LineCount { finished: *finished, unfinished: unfinished.collect() }
    }

    /// The cost of what has been received.
    pub(crate) fn cost(&self) -> ReadingCost {
        self.lines.cost_ahead()
    }
}
