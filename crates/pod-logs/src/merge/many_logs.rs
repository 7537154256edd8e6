//! What a merge knows of the logs of many pods.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

use crate::{
    cursor::{LogPosition, log_key::LogKey, merged_cursor::LogEntry},
    source::known_logs::KnownLogs,
};

/// What a merge of the logs of many pods knows of them besides their lines.
#[derive(Debug)]
pub(crate) struct ManyLogs {
    /// The checksum of what was asked for.
    pub(crate) selection: u32,
    /// Which logs there are, and which of them are left out.
    pub(crate) known: KnownLogs,
    /// How many logs may be read at once.
    pub(crate) max_logs: usize,
    /// The times of the last lines of logs that a cursor knows and that are gone, which was not told
    /// yet.
    pub(crate) lost: VecDeque<Option<DateTime<Utc>>>,
    /// What a cursor says of logs that the source does not give at present.
    pub(super) kept: BTreeMap<LogKey, LogEntry>,
    /// Logs that have ended and are still there.
    pub(super) ended: BTreeMap<LogKey, EndedLog>,
}

/// Where a log ended.
#[derive(Debug)]
pub(super) struct EndedLog {
    pub(super) position: LogPosition,
    pub(super) last_given: Option<DateTime<Utc>>,
}

impl ManyLogs {
    /// What is known at the beginning.
    pub(crate) fn new(
        selection: u32,
        known: KnownLogs,
        max_logs: usize,
        lost: Vec<Option<DateTime<Utc>>>,
    ) -> Self {
        let (kept, ended) = (BTreeMap::new(), BTreeMap::new());
        Self { selection, known, max_logs, lost: lost.into(), kept, ended }
    }
}
