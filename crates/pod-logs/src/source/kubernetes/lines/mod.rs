//! Lines from a log as the API server gives it.

pub(crate) mod api_lines;
pub(crate) mod api_log;
pub(crate) mod api_resumption;
mod received_copy;
