//! The error of a handler, which becomes a `Status` object.

mod failures;

use std::fmt;

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};

use super::{
    body::{Empty, StatusBody, StatusDetails},
    form::StatusForm,
};
use crate::auth::IdentifyError;

/// The result of a handler of this API.
pub(in crate::http) type Result<T> = std::result::Result<T, StatusError>;

/// A failure with its status code, reason and message.
#[derive(Debug)]
pub(in crate::http) struct StatusError(Box<StatusParts>);

#[derive(Debug)]
struct StatusParts {
    code: StatusCode,
    reason: &'static str,
    message: String,
    details: Option<StatusDetails>,
    header: Option<(HeaderName, HeaderValue)>,
    is_pretty: bool,
    /// For the log only.
    cause: Option<String>,
}

/// An action on a resource, as it is named in a refusal.
#[derive(Debug, Clone, Copy)]
pub(in crate::http::kubernetes) struct ResourceAction<'a> {
    pub(in crate::http::kubernetes) verb: &'static str,
    /// Empty for the core.
    pub(in crate::http::kubernetes) group: &'static str,
    pub(in crate::http::kubernetes) resource: &'static str,
    /// `None` for all objects.
    pub(in crate::http::kubernetes) name: Option<&'a str>,
    /// `None` at the cluster scope.
    pub(in crate::http::kubernetes) namespace: Option<&'a str>,
}

impl StatusError {
    fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let (details, header, cause) = (None, None, None);
        Self(Box::new(StatusParts {
            code,
            reason,
            message,
            details,
            header,
            is_pretty: false,
            cause,
        }))
    }

    fn about(mut self, details: StatusDetails) -> Self {
        self.0.details = Some(details);
        self
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// The cause, for the log only.
    pub(in crate::http::kubernetes) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The error of a refusal by the framework.
    pub(in crate::http::kubernetes) fn of_code(code: StatusCode) -> Self {
        match code {
            StatusCode::NOT_FOUND => Self::no_such_path(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            code if code.is_client_error() => Self::bad_request("the request cannot be read"),
            code => Self::internal(&code),
        }
    }

    /// The object in one line of JSON.
    pub(in crate::http::kubernetes) fn to_json(&self) -> String {
        // Writing this object as JSON cannot fail.
        serde_json::to_string(&self.0.object()).unwrap_or_default()
    }

    /// The response in this form; an error about the accepted types is always JSON.
    pub(in crate::http::kubernetes) fn to_response(&self, form: StatusForm) -> HttpResponse {
        let parts = &*self.0;
        let mut response = HttpResponseBuilder::new(parts.code);
        if let Some((name, value)) = &parts.header {
            response.insert_header((name.clone(), value.clone()));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if parts.is_pretty {
            response.insert_header((header::CONTENT_TYPE, StatusForm::Json.media_type()));
            return response
                .body(serde_json::to_string_pretty(&parts.object()).unwrap_or_default());
        }
        response.insert_header((header::CONTENT_TYPE, form.media_type()));
        response.body(form.write(&parts.object()))
    }
}

impl StatusParts {
    fn object(&self) -> StatusBody<'_> {
        StatusBody {
            kind: "Status",
            api_version: "v1",
            metadata: Empty {},
            status: "Failure",
            message: &self.message,
            reason: self.reason,
            details: self.details.as_ref(),
            code: self.code.as_u16(),
        }
    }
}

impl From<&IdentifyError> for StatusError {
    fn from(error: &IdentifyError) -> Self {
        match error {
            IdentifyError::Invalid => Self::unauthorized(),
            IdentifyError::Forbidden => Self::not_permitted(),
            IdentifyError::Unknown(_) => Self::unavailable(),
        }
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl ResponseError for StatusError {
    fn status_code(&self) -> StatusCode {
        self.0.code
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.to_response(StatusForm::Json)
    }
}
