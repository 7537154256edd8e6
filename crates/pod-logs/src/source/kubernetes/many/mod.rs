//! The logs of many pods from one API server.

mod begun_log;
pub(crate) mod new_api_logs;
pub(crate) mod new_pod_containers;
pub(crate) mod opening;
mod selecting;
