//! `/auth/…`: registration, log-in, validation, and the caller's own sessions.

pub(super) mod login;
pub(super) mod logout;
pub(super) mod password;
pub(super) mod refresh;
pub(super) mod register;
pub(super) mod session;
pub(super) mod sessions;
pub(super) mod validate;
pub(super) mod validate_batch;
