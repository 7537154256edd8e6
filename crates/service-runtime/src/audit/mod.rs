//! The audit log of a service: a JSON object a line, written by a thread of its own.
//!
//! [`AuditQueue`] takes events from requests and hands them to an [`AuditWriter`] on the thread.
//! [`AuditFile`] is the file, [`RetryingRecord`] keeps lines until they are written, and
//! [`Coalescer`] makes one line a minute of repeats.

mod coalesce;
mod file;
mod health;
mod line;
mod places;
mod queue;
mod record;
mod retry;
mod thread;

pub use coalesce::{Coalescer, RepeatedEvent};
pub use file::AuditFile;
pub use health::RecordHealth;
pub use line::{milliseconds, write_line};
pub use places::Place;
pub use queue::{AuditQueue, QueuedEvent, Reservation};
pub use record::{AuditRecord, OpenRecordError, open_record};
pub use retry::RetryingRecord;
pub use thread::{AuditThread, AuditWriter, start};
