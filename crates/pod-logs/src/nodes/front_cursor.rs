//! Where all logs of all nodes can be taken up again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::front_log::{FrontLogs, FrontMembership, LogPlace};
use crate::cursor::{
    log_key::LogKey,
    merged_cursor::{LogEntry, MergedCursor},
};

/// What a front keeps for its cursors.
#[derive(Debug)]
pub(super) struct FrontCursor {
    selection: u32,
    /// The greatest time of a line that was given.
    pub(super) watermark: Option<DateTime<Utc>>,
    /// What the client's cursor says of logs that no node has claimed, with the time of the last
    /// line. They may be on nodes that cannot be reached.
    unclaimed: BTreeMap<LogKey, (LogEntry, Option<DateTime<Utc>>)>,
}

impl FrontCursor {
    /// Of what was asked for, and where the client goes on.
    pub(super) fn new(selection: u32, resumed: Option<MergedCursor>) -> Self {
        let watermark = resumed.as_ref().and_then(|cursor| cursor.watermark);
        let unclaimed = resumed.map(|cursor| {
            let last = |entry: &LogEntry| match entry {
                LogEntry::Read(read) => cursor.last_time_of(read),
                LogEntry::Skipped | LogEntry::Forbidden => None,
            };
            let entries = cursor.logs.iter();
            entries.map(|(key, entry)| (*key, (entry.clone(), last(entry)))).collect()
        });
        Self { selection, watermark, unclaimed: unclaimed.unwrap_or_default() }
    }

    /// The node has these logs, up to those that it does not know.
    pub(super) fn claim(&mut self, node: usize, unknown: &[LogKey], logs: &mut FrontLogs) {
        let claimed = self.unclaimed.extract_if(.., |key, _| !unknown.contains(key));
        for (key, (entry, last)) in claimed {
            let log = logs.entry(key, node);
            log.last_given = last;
            match entry {
                LogEntry::Skipped => log.membership = FrontMembership::Skipped,
                LogEntry::Forbidden => log.place = Some(LogPlace::Entry(LogEntry::Forbidden)),
                LogEntry::Read(_) => log.place = Some(LogPlace::Entry(entry)),
            }
        }
    }

    /// Every node was asked: logs that none of them knows are gone. The times of their last lines
    /// are the answer.
    pub(super) fn take_lost(&mut self) -> Vec<Option<DateTime<Utc>>> {
        let unclaimed = std::mem::take(&mut self.unclaimed).into_values();
        let read = unclaimed.filter(|(entry, _)| matches!(entry, LogEntry::Read(_)));
        read.map(|(_, last)| last).collect()
    }

    /// A cursor of the logs of one node, or of all.
    pub(super) fn cursor(&self, logs: &FrontLogs, node: Option<usize>) -> MergedCursor {
        let of_node = logs.logs.iter().filter(|(_, log)| node.is_none_or(|node| log.node == node));
        let entries = of_node.filter_map(|(key, log)| Some((*key, log.entry(self.watermark)?)));
        let mut entries: BTreeMap<_, _> = entries.collect();
        for (key, (entry, last)) in &self.unclaimed {
            let entry = match entry {
                LogEntry::Read(read) => LogEntry::Read(read.as_of(*last, self.watermark)),
                other => other.clone(),
            };
            entries.insert(*key, entry);
        }
        MergedCursor { selection: self.selection, watermark: self.watermark, logs: entries }
    }
}
