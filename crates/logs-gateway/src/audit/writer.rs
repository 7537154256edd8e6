//! Writes the events of the audit of reading, on a thread of its own.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use pod_logs::mask_tokens;
use service_runtime::{
    audit::{AuditWriter, Place, QueuedEvent, RetryingRecord, write_line},
    clock::Clock,
};

use super::{
    denied::DeniedReads,
    event::{ReadEvent, ReadEventKind},
};

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

    /// What a client chose is in it, so no token may pass.
    fn add(&mut self, event: &ReadEvent, place: Option<Place>) {
        self.record.add(place, |lines| {
            let start = lines.len();
            write_line(&event.line(), lines);
            mask_tokens(&mut lines[start..]);
        });
    }

    /// Few, so they need no place.
    fn add_all(&mut self, events: Vec<ReadEvent>) {
        for event in events {
            self.add(&event, None);
        }
    }

    fn take(&mut self, event: ReadEvent, place: Place) {
        match event.kind {
            ReadEventKind::ReadDenied => {
                let due = self.denied.take(event);
                self.add_all(due);
            }
            _ => self.add(&event, Some(place)),
        }
    }

    fn tell_dropped(&mut self) {
        let count = self.dropped.swap(0, Ordering::Relaxed);
        if count > 0 {
            self.add(&ReadEvent::dropped(count, self.clock.now()), None);
        }
    }
}

impl AuditWriter<ReadEvent> for ReadWriter {
    fn write(&mut self, events: Vec<QueuedEvent<ReadEvent>>) {
        for (event, place) in events.into_iter().map(QueuedEvent::into_parts) {
            self.take(event, place);
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
