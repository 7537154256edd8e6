//! Log bodies over HTTP: opened for a caller, encoded, and ended with the token.

pub(in crate::http) mod body;
mod encoding;
pub(in crate::http) mod lease;
pub(in crate::http) mod log_body;
pub(in crate::http) mod open_log;
