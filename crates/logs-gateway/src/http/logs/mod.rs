//! `GET /logs…`: logs as lines, JSON or events.

mod accepted_form;
mod envelope;
mod log_query;
mod many_query;
#[cfg(test)]
mod many_query_tests;
mod read;
mod read_incarnations;
mod read_many;
mod stream_limit;

pub(in crate::http) use envelope::LogEnvelope;
#[cfg(test)]
pub(in crate::http) use log_query::log_request;
#[cfg(test)]
pub(in crate::http) use many_query::many_request;
pub(in crate::http) use read::{of_pod, of_pod_in_namespace};
pub(in crate::http) use read_many::of_many;
pub(in crate::http) use stream_limit::too_many_streams;
