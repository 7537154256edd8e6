//! The record of who did what: each security event is one line.

mod coalesce;
mod event;
mod file;
mod log;

pub(crate) use event::{Event, Kind, Origin};
pub(crate) use file::AuditFile;
pub(crate) use log::{AuditLog, AuditThread};

#[cfg(test)]
pub(crate) use log::tests;
