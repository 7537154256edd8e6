//! Permissions that users hold until a time.

mod grant;
mod store;

pub(crate) use grant::{Grant, NewGrant, Reason};
pub(crate) use store::{GrantError, GrantStore, create_grant, delete_grant};
