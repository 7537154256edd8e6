//! The log directory of a node: what it lists, and how its files are opened.

mod beneath;
mod docker;
pub(crate) mod kept;
mod kept_logs;
mod known_tails;
mod last_write;
pub(crate) mod layout;
pub(crate) mod listed;
mod listings;
pub(crate) mod log_directory;
pub(crate) mod missing_log;
pub(crate) mod open_failure;
pub(crate) mod opened_log;
pub(crate) mod pod_logs;
mod shared_listings;
pub(crate) mod write_order;
