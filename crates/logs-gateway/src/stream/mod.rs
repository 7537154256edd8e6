//! A log as it is sent over time.

mod chunk_read;
mod cut;
mod forced_end;
mod forwarded_log;
mod log_content;
mod log_stream;
mod merged_nodes;
mod token_warning;

pub(crate) use cut::Cut;
pub(crate) use forced_end::ForcedEnd;
pub(crate) use forwarded_log::ForwardedLog;
pub(crate) use log_content::LogContent;
pub(crate) use log_stream::LogStream;
pub(crate) use merged_nodes::{MergedNodes, MergedQuery, NodesQuestion, TooManyLogs};
