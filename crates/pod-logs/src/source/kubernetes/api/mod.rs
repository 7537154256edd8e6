//! The API server: requests, answers, and what a pod says of its containers.

pub(crate) mod api_error;
pub(crate) mod api_server;
pub(crate) mod container_runs;
pub(crate) mod denial;
pub(crate) mod log_request;
