//! A log on its way to its client, with all that lasts as long.

use actix_web::web::Bytes;

use crate::{
    audit::{BodyRecord, LeaseRecord},
    stream::{Cut, ForcedEnd, LogContent},
    streams::StreamPermit,
};

/// A log that is sent. With it the permit ends, and its record is written.
pub(in crate::http) struct LogBody {
    log: LogContent,
    record: BodyRecord,
    _permit: StreamPermit,
}

impl LogBody {
    pub(super) fn new(log: LogContent, record: BodyRecord, permit: StreamPermit) -> Self {
        Self { log, record, _permit: permit }
    }

    /// Changes the log before any of it is given.
    pub(super) fn change(self, change: impl FnOnce(LogContent) -> LogContent) -> Self {
        Self { log: change(self.log), ..self }
    }

    /// The part of its record that goes with its lease.
    pub(super) fn record_of_lease(&self) -> LeaseRecord {
        self.record.of_lease()
    }

    /// How the body ends if it is ended from outside.
    pub(in crate::http) fn early_end(&self) -> ForcedEnd {
        self.log.early_end()
    }

    /// All of the log, if that has been read already.
    pub(super) fn take_whole(&mut self) -> Option<Vec<u8>> {
        let whole = self.log.take_whole()?;
        self.note_given();
        self.note_end();
        Some(whole)
    }

    /// The next bytes; `None` at the end.
    pub(in crate::http) async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        self.record.note(self.log.counts(), self.log.is_caught_up());
        let next = self.log.next().await;
        self.note_given();
        match &next {
            Ok(Some(_)) => {}
            Ok(None) => self.note_end(),
            Err(cut) => self.record.end(cut.reason()),
        }
        next
    }

    fn note_given(&self) {
        self.record.note(self.log.counts(), false);
    }

    fn note_end(&self) {
        if let Some(reason) = self.log.end_reason() {
            self.record.end(reason);
        }
    }
}
