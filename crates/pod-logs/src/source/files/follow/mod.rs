//! Logs that are followed: which files they go on in, and when something changed.

pub(crate) mod followed_log;
pub(crate) mod followers;
pub(crate) mod following;
pub(crate) mod log_update;
pub(crate) mod state;
mod successors;
