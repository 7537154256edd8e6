//! What a running service does by itself: write what memory knows, retry revocations, remove what
//! is over.

mod audit_rows;
mod expired;
mod periodic;

pub(crate) use audit_rows::write_audit_rows;
pub(crate) use periodic::Upkeep;
