//! `GET /logs/…`: a log as lines, JSON or events.

mod accepted_form;
mod log_query;
mod read;

#[cfg(test)]
pub(in crate::http) use log_query::log_request;
pub(in crate::http) use read::{LogEnvelope, of_pod, of_pod_in_namespace, too_many_streams};
