//! Permissions that users hold until a time.

mod grant;

pub(crate) use grant::{Grant, NewGrant, Reason};
