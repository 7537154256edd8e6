//! What a running service does by itself: write what memory knows, retry revocations, remove what
//! is over, send mail.

mod audit_rows;
mod expired;
mod mail_delivery;
mod periodic;

pub(crate) use audit_rows::write_audit_rows;
pub(crate) use mail_delivery::MailDelivery;
pub(crate) use periodic::Upkeep;
