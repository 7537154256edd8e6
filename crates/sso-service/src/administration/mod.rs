//! The use cases of administrators. In one transaction, each change is authorised once more,
//! decided, written and recorded; it is in force at the next validation. Knows no HTTP.
//!
//! HTTP and the shell call the same functions: each change has one implementation.

mod actor;
#[cfg(test)]
mod authorization_tests;
mod clients;
mod error;
mod first_admin;
mod grants;
mod keys;
mod roles;
mod service;
mod sessions;
mod signing_keys;
mod time;
mod users;

pub(crate) use actor::{Actor, administer};
pub(crate) use clients::RequestedClient;
pub(crate) use error::AdministrationError;
pub(crate) use first_admin::{FirstAdminError, ensure_admin};
pub(crate) use keys::RequestedKey;
pub(crate) use service::Administration;
pub(crate) use sessions::Minting;
pub(crate) use users::{RequestedChange, RequestedUser};
