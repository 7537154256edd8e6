//! Where a log begins, and where it is to be taken up again.

use std::io;

use chrono::{DateTime, TimeDelta, Utc};

use super::{ChosenLog, LossBefore};
use crate::{
    line::{
        filter::LineFilter,
        log_line::{LineCount, LineEnding, LogLine},
    },
    source::log_input::{LogStart, ManyInput},
};

/// Lines at the beginning that were given out already, or are not asked for.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// So many lines that pass.
    lines: u64,
    /// Lines up to this time, until the first later one.
    until: Option<DateTime<Utc>>,
    /// The last line was left out, so its rest is as well.
    is_last: bool,
}

impl ChosenLog {
    /// Opens a log that appeared while others were read.
    pub(in crate::merge) fn joining(input: ManyInput, filter: &LineFilter) -> io::Result<Self> {
        let ManyInput { mut input, key, start } = input;
        let lines = match start {
            LogStart::AtEnd => input.shorten(filter, 0)?,
            LogStart::Here { .. } | LogStart::AfterLoss { .. } => LineCount::default(),
        };
        let mut log = Self { key, is_joined: true, ..Self::new(input, filter)? };
        log.begin(start, &lines);
        Ok(log)
    }

    /// Says how the log begins; `lines` are those that are there already.
    pub(in crate::merge) fn begin(&mut self, start: LogStart, lines: &LineCount) {
        match start {
            LogStart::AtEnd => {
                self.left_out.lines = lines.finished;
                let ends = lines.unfinished.iter().map(|line| line.end);
                ends.for_each(|end| self.source.hold_until(end));
            }
            LogStart::Here { last } => self.last_given = last,
            LogStart::AfterLoss { last, entry } => {
                self.last_given = last;
                self.gap = Some(LossBefore { from: last, bytes: None });
                // A cursor knows the time in a file to a millisecond.
                let last = last.filter(|_| !entry.is_at_line());
                self.left_out.until = last.map(|last| last + TimeDelta::milliseconds(1));
                self.lost_entry = Some(entry);
            }
        }
    }

    /// Notes where to go on, before the next line is looked for.
    pub(in crate::merge) fn note_place(&mut self) {
        if self.before_next.is_none() || self.key.is_none() {
            self.before_next = self.here();
        }
    }

    /// There is no next line at present: what was passed over need not be looked at again, unless
    /// something before it is still to be given out. Of one pod the log may end at a cursor, behind
    /// which more was looked at.
    pub(in crate::merge) fn pass_place(&mut self) {
        if self.key.is_some()
            && self.gap.is_none()
            && !self.is_cut
            && !self.is_unfinished
            && !self.is_past_until
        {
            self.before_next = None;
        }
    }

    /// The present line is left out for good.
    pub(super) fn leave_behind(&mut self) {
        if self.gap.is_none() {
            self.before_next = self.here();
        }
    }

    /// The present line was given out, as a whole or not.
    pub(in crate::merge) fn settle(&mut self, is_whole: bool) {
        self.is_settled = true;
        let Some(line) = self.line() else { return };
        let is_finished = line.ending != LineEnding::Unfinished;
        self.last_given = self.last_given.max(Some(line.time.instant()));
        self.is_cut |= !is_whole;
        self.is_unfinished = !is_finished;
        // The cursor of a line tells where its container is, and one of many logs what was given.
        if self.key.is_none() || (!self.is_cut && is_finished) {
            (self.before_next, self.is_past_until, self.lost_entry) = (None, false, None);
        }
    }
}

impl LeftOut {
    /// Whether lines are left out that are there already.
    pub(super) fn has_begun(&self) -> bool {
        self.lines == 0
    }

    /// Whether the line is left out.
    pub(super) fn takes(&mut self, line: &LogLine<'_>) -> bool {
        if self.lines == 0 && self.until.is_none() && !self.is_last {
            return false;
        }
        if !line.is_continuation {
            self.is_last = match self.until {
                Some(until) if line.time.instant() <= until => true,
                _ => self.lines > 0,
            };
            self.until = self.until.filter(|_| self.is_last);
            self.lines = self.lines.saturating_sub(1);
        }
        self.is_last
    }
}
