//! Distances from UTC.

use chrono::TimeDelta;

/// Distance from UTC, as far as Go's parser lets it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UtcOffset {
    minutes: i16,
}

impl UtcOffset {
    /// UTC itself.
    pub(super) const NONE: Self = Self { minutes: 0 };

    pub(super) fn from_minutes(minutes: i16) -> Self {
        Self { minutes }
    }

    pub(super) fn to_time_delta(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes.into())
    }

    /// Writes it as `±hh:mm`; `Z` for none.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        if self == Self::NONE {
            out.push(b'Z');
            return;
        }
        out.push(if self.minutes < 0 { b'-' } else { b'+' });
        let minutes = self.minutes.unsigned_abs();
        out.extend(two_digits((minutes / 60) as u8));
        out.push(b':');
        out.extend(two_digits((minutes % 60) as u8));
    }
}

/// A number below 100, in decimal digits.
pub(super) fn two_digits(value: u8) -> [u8; 2] {
    [b'0' + value / 10, b'0' + value % 10]
}
