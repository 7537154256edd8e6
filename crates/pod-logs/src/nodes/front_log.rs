//! The logs that a front knows, and how far each was given.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    cursor::{
        LogPosition,
        log_key::LogKey,
        merged_cursor::{LogEntry, MergedCursor, ReadEntry},
    },
    line::target::{LogName, PodRef},
};

/// A log on a node.
#[derive(Debug)]
pub(super) struct FrontLog {
    /// Tells it from others that are or were known.
    pub(super) number: usize,
    pub(super) node: usize,
    /// `None` until the node has named it.
    pub(super) name: Option<Arc<LogName>>,
    /// How far it was given. `None`: it is new, and is read from its first line.
    pub(super) place: Option<LogPlace>,
    /// The greatest time of a line that was given.
    pub(super) last_given: Option<DateTime<Utc>>,
    pub(super) membership: FrontMembership,
}

/// How a log takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrontMembership {
    Open,
    /// Its last line was given.
    Ended,
    /// One too many.
    Skipped,
    /// The caller may not read it any more.
    Forbidden,
}

/// How far a log was given.
#[derive(Debug, Clone)]
pub(super) enum LogPlace {
    /// Behind a line, as its cursor says.
    Line(LogPosition),
    /// As a cursor of many logs says.
    Entry(LogEntry),
}

/// All logs that are known, by what cursors call them.
#[derive(Debug, Default)]
pub(super) struct FrontLogs {
    pub(super) logs: HashMap<LogKey, FrontLog>,
    next_number: usize,
}

impl FrontLogs {
    /// The log of this key; it belongs to the node if it was not known.
    pub(super) fn entry(&mut self, key: LogKey, node: usize) -> &mut FrontLog {
        let next_number = &mut self.next_number;
        self.logs.entry(key).or_insert_with(|| {
            let number = *next_number;
            *next_number += 1;
            FrontLog {
                number,
                node,
                name: None,
                place: None,
                last_given: None,
                membership: FrontMembership::Open,
            }
        })
    }

    /// How many logs are read.
    pub(super) fn open_count(&self) -> usize {
        let open = self.logs.values().filter(|log| log.membership == FrontMembership::Open);
        open.filter(|log| log.name.is_some()).count()
    }

    /// How many logs a node has named.
    pub(super) fn count_of(&self, node: usize) -> usize {
        self.logs.values().filter(|log| log.node == node).count()
    }

    /// Takes what a node's checkpoint says: everything before it was given.
    pub(super) fn apply(&mut self, node: usize, checkpoint: &MergedCursor) {
        let is_kept = |key: &LogKey, log: &mut FrontLog| {
            let is_left_out =
                matches!(log.membership, FrontMembership::Skipped | FrontMembership::Forbidden);
            log.node != node || is_left_out || checkpoint.logs.contains_key(key)
        };
        self.logs.retain(is_kept);
        for (key, entry) in &checkpoint.logs {
            let log = self.entry(*key, node);
            let is_left_out =
                matches!(log.membership, FrontMembership::Skipped | FrontMembership::Forbidden);
            if log.node != node || is_left_out {
                continue;
            }
            if let LogEntry::Read(read) = entry {
                log.last_given = log.last_given.max(checkpoint.last_time_of(read));
            }
            log.place = Some(LogPlace::Entry(entry.clone()));
        }
    }

    /// The logs of these pods are left out from now on. The names of those that were read are the
    /// answer.
    pub(super) fn forbid(&mut self, may_read: &dyn Fn(&PodRef) -> bool) -> Vec<Arc<LogName>> {
        let mut forbidden = Vec::new();
        for log in self.logs.values_mut() {
            let Some(name) = log.name.clone().filter(|name| !may_read(&name.pod)) else { continue };
            if log.membership == FrontMembership::Open {
                forbidden.push(name);
            }
            if log.membership != FrontMembership::Skipped {
                log.membership = FrontMembership::Forbidden;
            }
        }
        forbidden.sort();
        forbidden
    }
}

impl FrontLog {
    /// What a cursor of this watermark says of it. `None`: nothing, since it is new.
    pub(super) fn entry(&self, watermark: Option<DateTime<Utc>>) -> Option<LogEntry> {
        match (self.membership, &self.place) {
            (FrontMembership::Skipped, _) => Some(LogEntry::Skipped),
            (FrontMembership::Forbidden, _) => Some(LogEntry::Forbidden),
            (_, None) => None,
            (_, Some(LogPlace::Line(position))) => {
                Some(LogEntry::Read(ReadEntry::new(position, self.last_given, watermark)))
            }
            (_, Some(LogPlace::Entry(LogEntry::Read(read)))) => {
                Some(LogEntry::Read(read.as_of(self.last_given, watermark)))
            }
            (_, Some(LogPlace::Entry(entry))) => Some(entry.clone()),
        }
    }
}
