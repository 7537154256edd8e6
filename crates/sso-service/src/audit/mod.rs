//! The audit log: each security event is one line.

mod coalesce;
mod event;
mod filter;
mod kind;
mod log;
mod past_log_in;
mod rows;

pub(crate) use event::{Event, Source};
pub(crate) use filter::EventFilter;
pub(crate) use kind::Kind;
pub(crate) use log::{AuditLog, AuditThread};
pub(crate) use past_log_in::PastLogIn;
pub(crate) use rows::{AuditRows, WaitingRows};

#[cfg(test)]
pub(crate) use log::tests;
