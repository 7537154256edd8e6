//! Records that only a front is told, which merges those of several nodes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::objects::{utc_text, write_named};
use crate::cursor::log_key::LogKey;

/// What a node has of the logs that are asked for. Its first record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BeginRecord {
    pub(crate) pods: usize,
    pub(crate) logs: usize,
    /// How many lines the tail has, if one is asked for.
    pub(crate) lines: Option<u64>,
    /// Logs that the cursor knows and this node does not.
    pub(crate) unknown: Vec<LogKey>,
}

/// Writes what a node has.
pub(super) fn write_begin(begin: &BeginRecord, out: &mut Vec<u8>) {
    write_named("begin", begin, out);
}

/// Writes the instant before which a node has given everything.
pub(super) fn write_watermark(time: DateTime<Utc>, out: &mut Vec<u8>) {
    write_named("watermark", &utc_text(time), out);
}
