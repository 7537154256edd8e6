//! The time of the last line of a file.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};

use super::log_file::LogFile;
use crate::source::files::format::entry::LogEntry;

/// How much of a file's end is looked at, in bytes. Most lines are shorter.
const MAX_TAIL_BYTES: usize = 16 * 1024;

impl LogFile {
    /// The time of the last whole line that has one, if it is near the end. `None` of a compressed
    /// file, whose end is far away.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn last_time(self: &Arc<Self>) -> io::Result<Option<DateTime<Utc>>> {
        if self.is_compressed() {
            return Ok(None);
        }
        let end = self.stored_bytes();
        let length = usize::try_from(end).unwrap_or(MAX_TAIL_BYTES).min(MAX_TAIL_BYTES);
        let mut tail = vec![0; length];
        let read = self.read_stored(&mut tail, end - length as u64)?;
        Ok(last_time_in(&tail[..read]))
    }
}

fn last_time_in(tail: &[u8]) -> Option<DateTime<Utc>> {
    // The text after the last newline is not a whole line.
    let mut lines = tail.rsplit(|byte| *byte == b'\n').skip(1);
    lines.find_map(|line| LogEntry::parse(line).map(|entry| entry.time.instant()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_that_has_a_time_tells_it() {
        let line = |second: u8| format!("2026-11-01T10:00:{second:02}Z stdout F xxxxxxxxx\n");
        let time = |tail: &str| last_time_in(tail.as_bytes()).map(|time| time.to_rfc3339());
        let at = |second: u8| Some(format!("2026-11-01T10:00:{second:02}+00:00"));
        assert_eq!(time(&(line(1) + &line(2))), at(2));
        assert_eq!(time(&(line(1) + &line(2)[..30])), at(1));
        assert_eq!(time(&(line(1) + "garbage\n")), at(1));
        assert_eq!(time(&(line(9)[5..].to_owned() + &line(1))), at(1));
        assert_eq!(time("garbage\n"), None);
        assert_eq!(time(""), None);
    }
}
