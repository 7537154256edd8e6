//! The audit of reading: a line for each log body, and for reads that were refused.
//!
//! A read reserves the places of its lines in the queue before its first byte, so that none goes
//! unrecorded. [`BodyRecord`] goes with the body and is written when it is dropped, whatever ended
//! the body.

mod body_record;
mod denied;
mod entry;
mod event;
mod log;
mod options;
mod read_request;
mod writer;

pub(crate) use body_record::{BodyRecord, LeaseRecord};
pub(crate) use entry::AuditEntry;
pub(crate) use event::ReadEnd;
pub(crate) use log::{AdmittedRead, AuditUnavailable, ReadAudit};
pub(crate) use options::ReadOptions;
pub(crate) use read_request::{ReadRequest, ReadTarget, bounded};
