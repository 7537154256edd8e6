//! Failures as Kubernetes tells them: `Status` objects.

pub(in crate::http::kubernetes) mod error;
pub(in crate::http::kubernetes) mod form;
mod protobuf;
mod yaml;
