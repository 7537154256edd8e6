//! Verifies passwords: only as often as the limits allow, and with the same work for every name.

mod errors;
mod guard;

pub(crate) use errors::{NotAuthenticated, NotHashed};
pub(crate) use guard::{LoginGuard, TypedCredentials};
