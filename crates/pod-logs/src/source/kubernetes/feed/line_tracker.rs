//! Where in a log its bytes have come to.

use crc32fast::Hasher;
use memchr::memchr;

use super::line_place::{LinePlace, MAX_STAMP, nanoseconds, stamp_of};
use crate::source::kubernetes::api::container_runs::RunId;

/// Keeps which line of a log came last, from the bytes of the log in pieces of any length.
#[derive(Debug, Clone)]
pub(crate) struct LineTracker {
    run: RunId,
    /// Behind the last whole line.
    place: Option<LinePlace>,
    begun: BegunLine,
}

/// What has come of a line.
#[derive(Debug, Clone, Default)]
pub(crate) struct BegunLine {
    /// Its first bytes: enough to read its time.
    head: Vec<u8>,
    /// In bytes.
    length: usize,
    hash: Hasher,
}

impl LineTracker {
    /// Begins behind a place, or at the beginning of a run.
    pub(crate) fn new(run: RunId, place: Option<LinePlace>) -> Self {
        Self { run, place, begun: BegunLine::default() }
    }

    /// Behind which whole line the bytes have come. `None` at the beginning of the run.
    pub(crate) fn place(&self) -> Option<LinePlace> {
        self.place
    }

    /// The same; at the beginning of the run, that.
    pub(crate) fn behind(&self) -> LinePlace {
        self.place.unwrap_or_else(|| LinePlace::beginning(self.run))
    }

    /// What has come of the line behind it.
    pub(crate) fn begun(&self) -> &BegunLine {
        &self.begun
    }

    /// Forgets what has come of a line without its end.
    pub(crate) fn drop_begun(&mut self) {
        self.begun.clear();
    }

    /// Takes the next bytes.
    pub(crate) fn advance(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr(b'\n', bytes) {
            self.begun.add(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.begun.add(bytes);
    }

    fn end_line(&mut self) {
        // What has no time is no line of the log.
        if let Some(time) = self.begun.time() {
            let last = self.place.filter(|last| last.time == time);
            let number = last.map_or(1, |last| last.number.saturating_add(1));
            let checksum = self.begun.checksum();
            self.place = Some(LinePlace { run: self.run, time, number, checksum });
        }
        self.begun.clear();
    }
}

impl BegunLine {
    /// Takes the next bytes of the line.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let missing = (MAX_STAMP + 1).saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        self.length += bytes.len();
        self.hash.update(bytes);
    }

    /// Forgets the line, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.head.clear();
        self.length = 0;
        self.hash.reset();
    }

    /// How much has come, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// A checksum of what has come.
    pub(crate) fn checksum(&self) -> u32 {
        self.hash.clone().finalize()
    }

    /// The time that the line begins with, in nanoseconds since 1970; `None` if it has none, or not
    /// all of it has come.
    pub(super) fn time(&self) -> Option<i64> {
        stamp_of(&self.head).map(|(time, _)| nanoseconds(&time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_does_not_depend_on_the_pieces() {
        let log = "2026-11-01T10:00:00Z a\n2026-11-01T10:00:01Z b\n2026-11-01T10:00:01Z b\n2026-1";
        let mut whole = LineTracker::new(RunId(7), None);
        whole.advance(log.as_bytes());
        let place = whole.place().unwrap();
        assert_eq!((place.number, place.run), (2, RunId(7)));
        assert_eq!(place.instant().to_rfc3339(), "2026-11-01T10:00:01+00:00");
        assert_eq!(whole.begun().length(), 6);
        for length in 1..log.len() {
            let mut pieces = LineTracker::new(RunId(7), None);
            log.as_bytes().chunks(length).for_each(|piece| pieces.advance(piece));
            assert_eq!(pieces.place(), whole.place(), "{length}");
            assert_eq!(pieces.begun().checksum(), whole.begun().checksum(), "{length}");
        }
    }

    #[test]
    fn lines_of_one_time_are_counted_on_behind_a_place() {
        let mut tracker = LineTracker::new(RunId(0), None);
        tracker.advance(b"2026-11-01T10:00:00Z a\n");
        let mut behind = LineTracker::new(RunId(0), tracker.place());
        for lines in [&b"2026-11-01T10:00:00Z b\n"[..], b"2026-11-01T10:00:00.5Z c\n"] {
            tracker.advance(lines);
            behind.advance(lines);
            assert_eq!(behind.place(), tracker.place());
        }
        assert_eq!(tracker.place().unwrap().number, 1);
    }
}
