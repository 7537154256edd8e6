//! A log as it is sent over time.

mod cut;
mod forced_end;
mod log_stream;

pub(crate) use cut::Cut;
pub(crate) use log_stream::LogStream;
