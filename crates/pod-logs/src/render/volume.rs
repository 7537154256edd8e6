//! How many lines there are in each interval of time.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    form::LogForm,
    objects::{VolumeRecord, write_volume},
};
use crate::{
    interval::VolumeInterval,
    line::{
        level::Level,
        log_line::{LineEnding, LogLine},
    },
};

/// How many intervals are counted at once: lines may be out of order.
const MAX_OPEN: usize = 16;

/// Counts lines by interval, and writes the counts of those that seem to be over. Of an interval
/// that goes on after it was written there is another count, to be added.
#[derive(Debug)]
pub(super) struct VolumeCount {
    interval: VolumeInterval,
    /// By the number of the interval.
    open: BTreeMap<i64, IntervalCount>,
}

#[derive(Debug, Default)]
struct IntervalCount {
    lines: u64,
    bytes: u64,
    levels: BTreeMap<&'static str, u64>,
}

impl VolumeCount {
    pub(super) fn new(interval: VolumeInterval) -> Self {
        Self { interval, open: BTreeMap::new() }
    }

    /// Counts a line, and writes the earliest interval if there are too many.
    pub(super) fn add(
        &mut self,
        line: &LogLine<'_>,
        level: Option<Level>,
        form: LogForm,
        out: &mut Vec<u8>,
    ) {
        let count = self.open.entry(self.interval.number_of(line.time.instant())).or_default();
        count.bytes +=
            (line.content.len() + usize::from(line.ending == LineEnding::Newline)) as u64;
        if !line.is_continuation {
            count.lines += 1;
            *count.levels.entry(level.map_or("none", Level::name)).or_default() += 1;
        }
        self.write_all_but(MAX_OPEN, form, out);
    }

    /// Writes the counts of all intervals but the last ones.
    pub(super) fn write_all_but(&mut self, kept: usize, form: LogForm, out: &mut Vec<u8>) {
        while self.open.len() > kept {
            let Some((number, count)) = self.open.pop_first() else { break };
            let bounds = self.interval.bounds(number);
            let IntervalCount { lines, bytes, levels } = count;
            let (from, to) = (text(bounds.start), text(bounds.end));
            write_volume(form, &VolumeRecord { from, to, lines, bytes, levels }, out);
        }
    }
}

fn text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
