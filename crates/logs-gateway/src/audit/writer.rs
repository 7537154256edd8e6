//! Writes the events of the audit of reading, on a thread of its own.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use service_runtime::{
    audit::{AuditWriter, Place, QueuedEvent, RetryingRecord},
    clock::Clock,
};

use super::{denied::DeniedReads, entry::AuditEntry, event::ReadEvent};

/// Writes events.
#[derive(Debug)]
pub(super) struct ReadWriter {
    record: RetryingRecord,
    denied: DeniedReads,
    clock: Arc<dyn Clock>,
    /// Refusals that found no place, and were not told of.
    dropped: Arc<AtomicU64>,
}

impl ReadWriter {
    pub(super) fn new(
        record: RetryingRecord,
        clock: Arc<dyn Clock>,
        dropped: Arc<AtomicU64>,
    ) -> Self {
        Self { record, denied: DeniedReads::default(), clock, dropped }
    }

    /// Few, so they need no place.
    fn add_all(&mut self, events: Vec<ReadEvent>) {
        for event in events {
            self.record.add(None, |lines| event.write_to(lines));
        }
    }

    fn take(&mut self, entry: AuditEntry, place: Place) {
        match entry {
            AuditEntry::Line(line) => {
                self.record.add(Some(place), |lines| lines.extend_from_slice(&line));
            }
            AuditEntry::Denied(event) => {
                let due = self.denied.take(event);
                self.add_all(due);
            }
        }
    }

    fn tell_dropped(&mut self) {
        let count = self.dropped.swap(0, Ordering::Relaxed);
        if count > 0 {
            self.add_all(vec![ReadEvent::dropped(count, self.clock.now())]);
        }
    }
}

impl AuditWriter<AuditEntry> for ReadWriter {
    fn write(&mut self, events: Vec<QueuedEvent<AuditEntry>>) {
        for (entry, place) in events.into_iter().map(QueuedEvent::into_parts) {
            self.take(entry, place);
        }
        let due = self.denied.due(self.clock.now());
        self.add_all(due);
        self.tell_dropped();
        self.record.write();
    }

    fn finish(&mut self) {
        let due = self.denied.finish();
        self.add_all(due);
        self.tell_dropped();
        self.record.finish();
    }
}
