//! The bytes of log files, compressed or not, and how far they may be read.

pub(crate) mod chain;
pub(crate) mod extract_reader;
pub(crate) mod file_reader;
pub(crate) mod file_status;
pub(crate) mod gzip;
pub(crate) mod head;
mod identity;
mod last_time;
pub(crate) mod log_file;
mod recent;
mod sample;
mod stored_read;
