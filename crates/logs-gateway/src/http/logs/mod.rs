//! `GET /logs/…`: a log as lines, JSON or events.

mod accepted_form;
mod log_query;
mod read;

pub(in crate::http) use read::{of_pod, of_pod_in_namespace};
