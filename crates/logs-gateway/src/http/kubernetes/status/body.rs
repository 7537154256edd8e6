//! The `Status` object on the wire.

use serde::Serialize;
use utoipa::ToSchema;

/// A failure. The fields are in the order of the API server, so that the bytes are the same.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct StatusBody<'a> {
    pub(super) kind: &'static str,
    pub(super) api_version: &'static str,
    pub(super) metadata: Empty,
    pub(super) status: &'static str,
    pub(super) message: &'a str,
    pub(super) reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<&'a StatusDetails>,
    pub(super) code: u16,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Empty {}

/// The object that a failure is about.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::kubernetes) struct StatusDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::kubernetes) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::kubernetes) group: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::kubernetes) kind: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http::kubernetes) causes: Vec<StatusCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::kubernetes) retry_after_seconds: Option<u32>,
}

/// One fault of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::kubernetes) struct StatusCause {
    pub(in crate::http::kubernetes) reason: &'static str,
    pub(in crate::http::kubernetes) message: String,
    pub(in crate::http::kubernetes) field: &'static str,
}
