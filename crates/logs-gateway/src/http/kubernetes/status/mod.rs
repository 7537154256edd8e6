//! Failures as Kubernetes reports them: `Status` objects.

mod body;
pub(in crate::http::kubernetes) mod error;
pub(in crate::http::kubernetes) mod form;
mod protobuf;

pub(in crate::http) use body::StatusBody;
pub(in crate::http::kubernetes) use body::StatusCause;
pub(in crate::http::kubernetes) use error::{ResourceAction, Result, StatusError};
