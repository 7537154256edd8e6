//! An event as a line of JSON.

use chrono::{DateTime, SecondsFormat, Utc};
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
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}
