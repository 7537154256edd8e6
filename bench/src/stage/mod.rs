//! The stage of a part: running services, their processes, and logs to read.

pub(crate) mod cluster;
pub(crate) mod log_files;
pub(crate) mod nginx;
pub(crate) mod no_batches;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod redis;
pub(crate) mod services;
