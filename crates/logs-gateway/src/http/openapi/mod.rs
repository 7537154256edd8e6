//! The OpenAPI document: an operation for each route.

mod document;
mod kubernetes_answers;
mod kubernetes_operations;
mod kubernetes_parameters;
mod kubernetes_workloads;
mod log_parameters;
mod operations;
mod reading;
mod viewer;

pub(crate) use document::document;
