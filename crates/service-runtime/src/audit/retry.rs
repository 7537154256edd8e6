//! Keeps lines until they are written.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, Write},
    time::{Duration, Instant},
};

use super::{health::RecordHealth, places::Place, record::AuditRecord};

/// How often a write that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A record on which a line that cannot be written waits until it can: writing is tried again each
/// second. A line holds its place in the queue until then, which bounds how many wait.
pub struct RetryingRecord {
    record: AuditRecord,
    health: RecordHealth,
    /// Lines that wait.
    bytes: Vec<u8>,
    /// The length and the place of each.
    lines: VecDeque<(usize, Option<Place>)>,
    next_try: Option<Instant>,
}

impl fmt::Debug for RetryingRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { health, lines, .. } = self;
        let mut shown = f.debug_struct("RetryingRecord");
        shown.field("health", health).field("lines", &lines.len()).finish_non_exhaustive()
    }
}

impl RetryingRecord {
    /// Nothing waits yet.
    #[must_use]
    pub fn new(record: AuditRecord, health: RecordHealth) -> Self {
        Self { record, health, bytes: Vec::new(), lines: VecDeque::new(), next_try: None }
    }

    /// Adds a line, which `write` appends with its end. Its place is held until it is written.
    pub fn add(&mut self, place: Option<Place>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.lines.push_back((self.bytes.len() - start, place));
    }

    /// Writes what waits, unless that failed less than a second ago.
    pub fn write(&mut self) {
        if !self.lines.is_empty() && self.next_try.is_none_or(|next| next <= Instant::now()) {
            self.try_to_write();
        }
    }

    /// Writes what waits, on standard error if need be.
    pub fn finish(&mut self) {
        if !self.lines.is_empty() {
            self.try_to_write();
            // Nothing is left to tell if that fails as well.
            let _ = io::stderr().write_all(&self.bytes);
        }
    }

    fn try_to_write(&mut self) {
        self.health.begin_write();
        let written = self.write_lines();
        let was_good = self.health.end_write(written.is_ok());
        self.next_try = written.as_ref().err().map(|_| Instant::now() + RETRY);
        match written {
            Err(error) if was_good => {
                tracing::error!(%error, "cannot write the audit log; its lines wait");
            }
            Ok(()) if !was_good => tracing::info!("the audit log can be written again"),
            _ => {}
        }
    }

    /// A line of which only a part was written stays whole: it is written again.
    fn write_lines(&mut self) -> io::Result<()> {
        let (mut written, mut whole) = (0, 0);
        let outcome = loop {
            if written == self.bytes.len() {
                break Ok(());
            }
            match self.record.write(&self.bytes[written..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
            while let Some((length, _)) = self.lines.front()
                && whole + length <= written
            {
                whole += length;
                self.lines.pop_front();
            }
        };
        self.bytes.drain(..whole);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;
    use crate::audit::places::Places;

    /// A disk with room for so many bytes.
    #[derive(Debug, Clone, Default)]
    struct Disk(Arc<Mutex<DiskState>>);

    #[derive(Debug, Default)]
    struct DiskState {
        written: Vec<u8>,
        room: usize,
    }

    impl Disk {
        fn with_room(room: usize) -> Self {
            let disk = Self::default();
            disk.gets_room(room);
            disk
        }

        fn gets_room(&self, more: usize) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).room += more;
        }

        fn text(&self) -> String {
            let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            String::from_utf8(state.written.clone()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = bytes.len().min(state.room);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            state.room -= taken;
            state.written.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn add(record: &mut RetryingRecord, place: Option<Place>, line: &str) {
        record.add(place, |lines| lines.extend_from_slice(line.as_bytes()));
    }

    /// As if a second had passed.
    fn write_again(record: &mut RetryingRecord) {
        record.next_try = None;
        record.write();
    }

    #[test]
    fn lines_that_found_no_room_are_written_whole_when_there_is_some() {
        let (disk, health) = (Disk::with_room(6), RecordHealth::default());
        let mut record = RetryingRecord::new(Box::new(disk.clone()), health.clone());
        for line in ["one\n", "two\n", "three\n"] {
            add(&mut record, None, line);
        }
        record.write();
        assert_eq!((disk.text().as_str(), health.is_good()), ("one\ntw", false));
        write_again(&mut record);
        disk.gets_room(100);
        add(&mut record, None, "four\n");
        write_again(&mut record);
        // A file begins a new line after the part of one.
        assert_eq!(disk.text(), "one\ntwtwo\nthree\nfour\n");
        assert!(health.is_good() && record.bytes.is_empty() && record.lines.is_empty());
    }

    #[test]
    fn a_write_that_failed_is_not_tried_again_at_once() {
        let (disk, health) = (Disk::default(), RecordHealth::default());
        let mut record = RetryingRecord::new(Box::new(disk.clone()), health.clone());
        add(&mut record, None, "one\n");
        record.write();
        disk.gets_room(100);
        record.write();
        assert_eq!((disk.text().as_str(), health.is_good()), ("", false));
        write_again(&mut record);
        assert_eq!((disk.text().as_str(), health.is_good()), ("one\n", true));
    }

    #[test]
    fn a_line_has_its_place_until_it_is_written() {
        let (disk, places) = (Disk::with_room(4), Places::new(2));
        let mut record = RetryingRecord::new(Box::new(disk.clone()), RecordHealth::default());
        for line in ["one\n", "two\n"] {
            add(&mut record, places.take(), line);
        }
        assert!(places.take().is_none());
        record.write();
        let again = places.take();
        assert!(again.is_some() && places.take().is_none());
        disk.gets_room(4);
        write_again(&mut record);
        assert!(places.take().is_some());
    }
}
