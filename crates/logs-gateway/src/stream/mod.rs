//! A log as it is sent over time.

mod chunk_read;
mod cut;
mod forced_end;
mod log_stream;
mod token_warning;

pub(crate) use cut::Cut;
pub(crate) use forced_end::ForcedEnd;
pub(crate) use log_stream::LogStream;
