//! The record of who did what: each security event is one line.

mod coalesce;
mod event;
mod file;
mod history;
mod log;
mod log_ins;
mod record;
mod recorded;
mod rows;

pub(crate) use event::{Event, Kind, Source};
pub(crate) use file::AuditFile;
pub(crate) use history::AuditHistory;
pub(crate) use log::{AuditLog, AuditThread};
pub(crate) use log_ins::past_log_ins;
pub(crate) use record::{AuditFileError, AuditRecord, EventSeries};
pub(crate) use recorded::write_recorded;
pub(crate) use rows::AuditRows;

#[cfg(test)]
pub(crate) use log::tests;
