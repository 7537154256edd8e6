//! An event as a line of JSON.

use std::fmt;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Serialize, Serializer};

/// Appends the event as a line, with its end.
pub fn write_line(event: &impl Serialize, lines: &mut Vec<u8>) {
    let start = lines.len();
    // Text becomes JSON text, which has no line ends; so this fails for no event.
    if serde_json::to_writer(&mut *lines, event).is_err() {
        lines.truncate(start);
        return;
    }
    lines.push(b'\n');
}

/// Writes an instant to the millisecond.
///
/// # Errors
/// When the serializer fails.
pub fn milliseconds<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Milliseconds(time))
}

/// An instant as RFC 3339 writes it, to the millisecond. chrono's own form of it makes a string that
/// grows five times.
struct Milliseconds<'a>(&'a DateTime<Utc>);

impl fmt::Display for Milliseconds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time) = self;
        let (year, month, day) = (time.year(), time.month(), time.day());
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        // A leap second has more than 999 of them.
        let millis = time.timestamp_subsec_millis().min(999);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;

    use super::*;

    #[test]
    fn an_instant_is_written_to_the_millisecond() {
        for nanos in [0, 999_999, 1_000_000, 987_654_321] {
            let time = DateTime::from_timestamp(1_793_500_000, nanos).unwrap();
            let expected = time.to_rfc3339_opts(SecondsFormat::Millis, true);
            assert_eq!(Milliseconds(&time).to_string(), expected);
        }
    }
}
