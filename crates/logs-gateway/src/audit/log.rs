//! The audit of reading, as requests see it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus_client::metrics::counter::Counter;
use service_runtime::{
    audit::{
        self, AuditQueue, AuditRecord, AuditThread, RecordHealth, Reservation, RetryingRecord,
    },
    clock::Clock,
    metrics::Metrics,
};

use super::{
    body_record::BodyRecord,
    entry::AuditEntry,
    event::{ReadEvent, ReadEventKind},
    read_request::ReadRequest,
    writer::ReadWriter,
};
use crate::metrics::BodyMeter;

/// How many lines may wait to be written. Each open body has two places, so this also bounds the
/// bodies that are open.
const PLACES: usize = 1 << 18;

/// The audit of reading. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct ReadAudit {
    events: AuditQueue<AuditEntry>,
    health: RecordHealth,
    clock: Arc<dyn Clock>,
    dropped: DroppedRefusals,
}

/// Refusals that found no place.
#[derive(Debug, Clone)]
struct DroppedRefusals {
    untold: Arc<AtomicU64>,
    ever: Counter,
}

/// Reads cannot be recorded at present.
#[derive(Debug, thiserror::Error)]
#[error("the audit of reading cannot be written")]
pub(crate) struct AuditUnavailable;

/// A read whose lines have their places.
#[derive(Debug)]
pub(crate) struct AdmittedRead {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) opened: Reservation<AuditEntry>,
    pub(super) ended: Reservation<AuditEntry>,
}

impl ReadAudit {
    /// An audit that goes to this record.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(
        record: AuditRecord,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> io::Result<(Self, AuditThread<AuditEntry>)> {
        let ever = metrics.register(
            "audit_events_lost",
            "Refused reads that were not recorded because the queue was full",
            Counter::default(),
        );
        let dropped = DroppedRefusals { untold: Arc::default(), ever };
        let health = RecordHealth::default();
        let record = RetryingRecord::new(record, health.clone());
        let writer = ReadWriter::new(record, clock.clone(), dropped.untold.clone());
        let (events, thread) = audit::start(PLACES, writer)?;
        Ok((Self { events, health, clock, dropped }, thread))
    }

    /// Whether reads can be recorded.
    pub(crate) fn is_available(&self) -> bool {
        self.health.is_good() && self.events.has_room()
    }

    /// Reserves the places of a read, before its first byte.
    ///
    /// # Errors
    /// When lines cannot be written at present, or too many wait.
    pub(crate) fn admit(&self) -> Result<AdmittedRead, AuditUnavailable> {
        if !self.health.is_good() {
            return Err(AuditUnavailable);
        }
        let reserve = || self.events.reserve().ok_or(AuditUnavailable);
        Ok(AdmittedRead { opened: reserve()?, ended: reserve()?, clock: self.clock.clone() })
    }

    /// Records that the permission is missing.
    pub(crate) fn deny(&self, request: ReadRequest, status: u16) {
        let now = self.clock.now();
        let event = ReadEvent::about(request.into(), ReadEventKind::ReadDenied, now, status);
        if !self.events.offer(AuditEntry::Denied(event)) {
            self.dropped.untold.fetch_add(1, Ordering::Relaxed);
            self.dropped.ever.inc();
        }
    }
}

impl AdmittedRead {
    /// The record of the body that is sent now, with this status.
    pub(crate) fn begin(self, request: ReadRequest, status: u16, meter: BodyMeter) -> BodyRecord {
        BodyRecord::new(self, request, status, meter)
    }
}
