//! The record of one body, from its beginning to its end.

use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use pod_logs::ReadCounts;
use service_runtime::{audit::Reservation, clock::Clock};
use tokio::time::sleep;

use super::{
    entry::AuditEntry,
    event::{ReadEnd, ReadEvent, ReadEventKind, ReadOutcome},
    log::AdmittedRead,
    read_request::ReadRequest,
};
use crate::{end_reason::EndReason, metrics::BodyMeter};

/// A body that is open for longer is recorded before its end, too.
const OPEN: Duration = Duration::from_secs(10);

/// Goes with a body: recorded when it is dropped. Unless an end was noted, the client left.
#[derive(Debug)]
pub(crate) struct BodyRecord(Rc<RecordState>);

/// Goes with the lease of a body.
#[derive(Debug)]
pub(crate) struct LeaseRecord(Rc<RecordState>);

#[derive(Debug)]
struct RecordState {
    clock: Arc<dyn Clock>,
    request: Arc<ReadRequest>,
    status: u16,
    /// Each is taken when its line is sent.
    opened: RefCell<Option<Reservation<AuditEntry>>>,
    ended: RefCell<Option<Reservation<AuditEntry>>>,
    counts: Cell<ReadCounts>,
    /// The first end counts.
    end: Cell<Option<EndReason>>,
    meter: RefCell<BodyMeter>,
}

impl BodyRecord {
    pub(super) fn new(
        admitted: AdmittedRead,
        request: ReadRequest,
        status: u16,
        meter: BodyMeter,
    ) -> Self {
        let AdmittedRead { clock, opened, ended } = admitted;
        Self(Rc::new(RecordState {
            clock,
            request: request.into(),
            status,
            opened: Some(opened).into(),
            ended: Some(ended).into(),
            counts: Cell::default(),
            end: Cell::default(),
            meter: meter.into(),
        }))
    }

    /// The other part of it.
    pub(crate) fn of_lease(&self) -> LeaseRecord {
        LeaseRecord(self.0.clone())
    }

    /// So much has been given, and whether the reader has everything that is there.
    pub(crate) fn note(&self, counts: ReadCounts, is_caught_up: bool) {
        self.0.counts.set(counts);
        self.0.meter.borrow_mut().note(counts, is_caught_up);
    }

    /// The log ended.
    pub(crate) fn end(&self, reason: EndReason) {
        self.0.end_by(reason);
    }
}

impl LeaseRecord {
    /// Waits for the end of the lease and notes it. Records meanwhile that the body is open.
    pub(crate) async fn watch(self, end: impl Future<Output = EndReason>) -> EndReason {
        let mut end = pin!(end);
        let reason = tokio::select! {
            reason = end.as_mut() => reason,
            () = sleep(OPEN) => {
                self.0.record_opened();
                end.await
            }
        };
        self.0.end_by(reason);
        reason
    }
}

impl RecordState {
    fn end_by(&self, reason: EndReason) {
        self.end.set(self.end.get().or(Some(reason)));
    }

    fn event(&self, kind: ReadEventKind) -> ReadEvent {
        ReadEvent::about(self.request.clone(), kind, self.clock.now(), self.status)
    }

    /// Not after the end.
    fn record_opened(&self) {
        if let Some(place) = self.opened.take() {
            place.send(AuditEntry::line_of(&self.event(ReadEventKind::ReadOpened)));
        }
    }

    fn record_end(&self) {
        drop(self.opened.take());
        let end = self.end.get().map_or(ReadEnd::Client, ReadEnd::Reason);
        self.meter.borrow_mut().end(end);
        if let Some(place) = self.ended.take() {
            let outcome = Some(ReadOutcome { counts: self.counts.get(), end });
            let event = ReadEvent { outcome, ..self.event(ReadEventKind::Read) };
            place.send(AuditEntry::line_of(&event));
        }
    }
}

impl Drop for BodyRecord {
    fn drop(&mut self) {
        self.0.record_end();
    }
}
