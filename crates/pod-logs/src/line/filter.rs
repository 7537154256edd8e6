//! Which lines of a log are asked for.

mod ascii_boundaries;
mod class_bound;
mod hits;
pub(crate) mod judgement;
pub(crate) mod levels_before;
mod line_pattern;
pub(crate) mod line_patterns;
pub(crate) mod pattern_error;
mod required_literals;
#[cfg(test)]
mod tests;

use std::{io, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use self::line_patterns::LinePatterns;
use super::{level::Level, stream::OutputStream, time::LineTime};

/// How many patterns a reading may have.
pub(crate) const MAX_PATTERNS: usize = 16;
/// The longest pattern, in bytes.
pub(crate) const MAX_PATTERN_BYTES: usize = 4 * 1024;
/// How much memory the patterns of a reading may take when they are compiled, in bytes.
const MAX_COMPILED_BYTES: usize = 512 * 1024;
/// How many sets and ranges of characters the patterns of a reading may name.
const MAX_CLASSES: usize = 200;

/// How much later than its last line a file may seem to have been written, and how much out of
/// order lines of two files may be.
const TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Which lines pass: since ≤ time < until, of the stream, of the level, and as the patterns choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// Only lines of this stream.
    pub stream: Option<OutputStream>,
    /// Only lines of this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only lines of an earlier time.
    pub until: Option<DateTime<Utc>>,
    /// Only lines whose text these choose.
    pub patterns: Option<Arc<LinePatterns>>,
    /// Only lines of this level or a higher one.
    pub level: Option<Level>,
    /// The levels of the lines that pass are asked for as well.
    pub shows_levels: bool,
    /// How many lines come before and after each line that passes by its content.
    pub context: usize,
}

impl LineFilter {
    /// Whether every line passes, whatever it is. A new field has to be answered for here: on the
    /// short cut for plain text no line is looked at.
    pub(crate) fn passes_everything(&self) -> bool {
        let Self { stream, since, until, patterns, level, shows_levels: _, context: _ } = self;
        stream.is_none()
            && since.is_none()
            && until.is_none()
            && patterns.is_none()
            && level.is_none()
    }

    /// Whether the content of lines decides which of them pass.
    pub(crate) fn chooses_by_content(&self) -> bool {
        self.patterns.is_some() || self.level.is_some()
    }

    /// Whether the content of a line has to be looked at.
    fn looks_at_content(&self) -> bool {
        self.chooses_by_content() || self.shows_levels
    }

    /// How many lines around each of those that pass are asked for as well.
    pub(crate) fn context(&self) -> usize {
        if self.chooses_by_content() { self.context } else { 0 }
    }

    /// Whether the level of each line has to be known.
    pub(crate) fn asks_for_levels(&self) -> bool {
        self.level.is_some() || self.shows_levels
    }

    /// Where in a line that passes the patterns match that have to: at most 32 places, sorted, in
    /// bytes of the line.
    ///
    /// # Errors
    /// When the reading is not wanted any more.
    pub(crate) fn hits(&self, line: &[u8]) -> io::Result<Vec<[usize; 2]>> {
        self.patterns.as_ref().map_or(Ok(Vec::new()), |patterns| patterns.hits(line))
    }

    /// Whether lines of any time pass.
    pub(crate) fn has_no_times(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether a line of this time may pass.
    pub(crate) fn is_in_time(&self, time: &LineTime) -> bool {
        if self.has_no_times() {
            return true;
        }
        let instant = time.instant();
        self.since.is_none_or(|since| since <= instant)
            && self.until.is_none_or(|until| instant < until)
    }

    /// Whether everything up to this instant comes before the times that pass, however much clocks
    /// and lines are out of order.
    pub(crate) fn is_long_before(&self, instant: DateTime<Utc>) -> bool {
        // A bound before all times is no bound.
        let bound = self.since.and_then(|since| since.checked_sub_signed(TOLERANCE));
        bound.is_some_and(|bound| instant < bound)
    }

    /// Whether everything from this instant on comes after the times that pass.
    pub(crate) fn is_long_after(&self, instant: DateTime<Utc>) -> bool {
        let bound = self.until.and_then(|until| until.checked_add_signed(TOLERANCE));
        bound.is_some_and(|bound| instant > bound)
    }
}
