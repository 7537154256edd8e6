//! Ends sessions, also while the database cannot be written.

mod end;
mod journal;
mod named;
mod revocations;

pub(in crate::store) use journal::Journal;
pub(in crate::store) use revocations::restore;
