//! Places in a log by the lines that stand there.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{line::time::LineTime, source::kubernetes::api::container_runs::RunId};

/// How much earlier lines are asked for than the one that is looked for: times may run back.
const SLACK: TimeDelta = TimeDelta::seconds(2);

/// A place behind a line in the log of a run, which the API server knows by no offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePlace {
    /// A checksum of the run's id.
    pub(crate) run: RunId,
    /// The time of the line, in nanoseconds since 1970.
    pub(crate) time: i64,
    /// Which of the lines of that time it is that follow each other: the first one is 1. 0: the
    /// place is behind all lines up to the time, of which none was received.
    pub(crate) number: u32,
    /// A checksum of the line, with its time.
    pub(crate) checksum: u32,
}

impl LinePlace {
    /// Before the first line of a run.
    pub(crate) fn beginning(run: RunId) -> Self {
        Self { run, time: i64::MIN, number: 0, checksum: 0 }
    }

    /// Before the first line of a run that is later than this.
    pub(crate) fn behind_instant(run: RunId, instant: DateTime<Utc>) -> Self {
        let time = instant.timestamp_nanos_opt().unwrap_or(i64::MAX);
        Self { run, time, number: 0, checksum: 0 }
    }

    /// Whether nothing of the run comes before it.
    pub(crate) fn is_beginning(&self) -> bool {
        self.is_instant() && self.time == i64::MIN
    }

    /// Whether it is behind all lines up to its time, and not behind a line that was received.
    pub(crate) fn is_instant(&self) -> bool {
        self.number == 0
    }

    /// The instant of the line.
    pub(crate) fn instant(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.time)
    }

    /// From when on lines are asked for in order to find this one.
    pub(crate) fn since(&self) -> DateTime<Utc> {
        self.instant() - SLACK
    }

    /// Whether a line of this time certainly comes behind the place, however times run back.
    pub(super) fn is_long_before(&self, time: i64) -> bool {
        let slack = SLACK.num_nanoseconds().unwrap_or(0);
        time > self.time.saturating_add(slack)
    }
}

/// The time that a line begins with, and how long that is, the blank behind it included.
pub(crate) fn stamp_of(line: &[u8]) -> Option<(LineTime, usize)> {
    let blank = memchr::memchr(b' ', &line[..line.len().min(MAX_STAMP + 1)])?;
    Some((LineTime::parse(&line[..blank])?, blank + 1))
}

/// In nanoseconds since 1970. Times that these cannot express are the nearest that they can.
pub(crate) fn nanoseconds(time: &LineTime) -> i64 {
    let instant = time.instant();
    let nearest = if instant < DateTime::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    instant.timestamp_nanos_opt().unwrap_or(nearest)
}

/// The longest time before a line, in bytes: nine digits of a fraction, and an offset.
pub(crate) const MAX_STAMP: usize = 35;
