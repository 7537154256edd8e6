//! The JSON answer around a log.

use serde::Serialize;
use service_runtime::http::{Problem, Result};
use utoipa::ToSchema;

use crate::{auth::Caller, http::streaming::body::Frame};

/// The JSON answer. The log is its last field, so that it can be written as it is read.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct LogEnvelope<'a> {
    status: &'static str,
    message: String,
    /// Of many pods, the globs.
    namespace: &'a str,
    /// Of many pods, the globs.
    pod_name: &'a str,
    /// `*` if there are several.
    container: &'a str,
    logs: &'static str,
}

impl<'a> LogEnvelope<'a> {
    /// What comes after the log.
    const END: &'static [u8] = b"\"}";

    pub(super) fn new(
        caller: &Caller,
        namespace: &'a str,
        pod_name: &'a str,
        container: &'a str,
    ) -> Self {
        Self {
            status: "success",
            message: format!("User {} authenticated.", caller.username),
            namespace,
            pod_name,
            container,
            logs: "",
        }
    }

    /// What stands around the log.
    pub(super) fn frame(&self) -> Result<Frame> {
        let mut before = serde_json::to_vec(self).map_err(Problem::internal)?;
        before.truncate(before.len() - Self::END.len());
        Ok(Frame { before, after: Self::END })
    }
}
