//! The chosen lines of one or several logs, in the order of their times.

pub(crate) mod chosen_lines;
mod chosen_log;
mod context;
pub(crate) mod many_logs;
mod merge_order;
pub(crate) mod merge_step;
mod tail;
