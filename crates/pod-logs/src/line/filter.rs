//! Which lines of a log are asked for.

use chrono::{DateTime, TimeDelta, Utc};

use super::{stream::OutputStream, time::LineTime};

/// How much later than its last line a file may seem to have been written, and how much out of
/// order lines of two files may be.
const TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Which lines pass: since ≤ time < until, and of the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// Only lines of this stream.
    pub stream: Option<OutputStream>,
    /// Only lines of this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only lines of an earlier time.
    pub until: Option<DateTime<Utc>>,
}

impl LineFilter {
    /// Whether every line passes, whatever it is. A new field has to be answered for here: on the
    /// short cut for plain text no line is looked at.
    pub(crate) fn passes_everything(&self) -> bool {
        let Self { stream, since, until } = self;
        stream.is_none() && since.is_none() && until.is_none()
    }

    /// Whether lines of any time pass.
    pub(crate) fn has_no_times(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether a line of this time passes. The stream was seen to already.
    pub(crate) fn passes(&self, time: &LineTime) -> bool {
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
