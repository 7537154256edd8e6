//! Intervals of time of equal length, aligned to the epoch.

use std::{ops::Range, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

/// How many intervals there are without a beginning.
const LAST_INTERVALS: i64 = 1000;

/// The length of intervals that follow each other without a gap; one begins at the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeInterval {
    /// At least 1.
    milliseconds: i64,
}

impl VolumeInterval {
    /// Intervals of this length, in whole milliseconds. `None` if it is shorter than one, or longer
    /// than any log.
    #[must_use]
    pub fn new(length: Duration) -> Option<Self> {
        let milliseconds = i64::try_from(length.as_millis()).ok()?;
        let is_possible = milliseconds > 0 && TimeDelta::try_milliseconds(milliseconds).is_some();
        is_possible.then_some(Self { milliseconds })
    }

    /// Where the last 1,000 intervals begin that have a part before this instant.
    #[must_use]
    pub fn begin_of_last(self, end: DateTime<Utc>) -> DateTime<Utc> {
        // The interval that begins at the end has no part before it.
        let last = (end.timestamp_millis() - 1).div_euclid(self.milliseconds);
        self.begin(last - LAST_INTERVALS + 1)
    }

    /// The number of the interval in which this instant is.
    pub(crate) fn number_of(self, instant: DateTime<Utc>) -> i64 {
        instant.timestamp_millis().div_euclid(self.milliseconds)
    }

    /// When the interval with this number begins and ends.
    pub(crate) fn bounds(self, number: i64) -> Range<DateTime<Utc>> {
        self.begin(number)..self.begin(number.saturating_add(1))
    }

    fn begin(self, number: i64) -> DateTime<Utc> {
        let instant =
            number.checked_mul(self.milliseconds).and_then(DateTime::<Utc>::from_timestamp_millis);
        let far = if number < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        instant.unwrap_or(far)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn intervals_are_aligned_to_the_epoch() {
        let minute = VolumeInterval::new(Duration::from_secs(60)).unwrap();
        let bounds = minute.bounds(minute.number_of(at("2026-11-01T10:00:59.999Z")));
        assert_eq!(bounds, at("2026-11-01T10:00:00Z")..at("2026-11-01T10:01:00Z"));
        let before = minute.bounds(minute.number_of(at("1969-12-31T23:59:59Z")));
        assert_eq!(before.end, DateTime::UNIX_EPOCH);
    }

    #[test]
    fn the_last_thousand_have_a_part_before_the_end() {
        let second = VolumeInterval::new(Duration::from_secs(1)).unwrap();
        for end in ["2026-11-01T10:00:00Z", "2026-11-01T09:59:59.001Z"] {
            assert_eq!(second.begin_of_last(at(end)), at("2026-11-01T09:43:20Z"), "{end}");
        }
        let ages = VolumeInterval::new(Duration::from_secs(1 << 40)).unwrap();
        assert_eq!(ages.begin_of_last(at("2026-11-01T10:00:00Z")), DateTime::<Utc>::MIN_UTC);
    }

    #[test]
    fn an_interval_has_a_length() {
        assert_eq!(VolumeInterval::new(Duration::ZERO), None);
        assert_eq!(VolumeInterval::new(Duration::from_micros(999)), None);
        assert_eq!(VolumeInterval::new(Duration::MAX), None);
    }
}
