//! A line of a pod's log: which pod wrote it, when, on which stream, and which lines pass.

pub(crate) mod ansi;
pub(crate) mod filter;
pub(crate) mod level;
pub(crate) mod log_line;
pub(crate) mod log_run;
pub(crate) mod masking;
pub(crate) mod stream;
pub(crate) mod target;
pub(crate) mod time;
mod time_reader;
mod utc_offset;
