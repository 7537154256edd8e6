//! Why the API server gives no answer.

use std::{io, time::Duration};

use http::StatusCode;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;

/// The longest message of the API server that is passed on, in bytes.
const MAX_MESSAGE: usize = 1024;

/// Why the API server gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It refuses the request.
    #[error("the API server answers {status}: {message}")]
    Refused {
        /// The status of the answer.
        status: StatusCode,
        /// The reason, as a text for people.
        message: String,
    },
    /// It cannot be reached, or its answer cannot be read.
    #[error("cannot ask the API server: {0}")]
    Unreachable(io::Error),
    /// It does not answer in time.
    #[error("the API server does not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
}

impl ApiError {
    /// The refusal with this status and body.
    pub(super) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let told: Option<Status> = serde_json::from_slice(body).ok();
        let told = told.and_then(|told| told.message).filter(|message| !message.is_empty());
        let mut message = told.unwrap_or_else(|| status.to_string());
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        Self::Refused { status, message }
    }

    /// More logs would be read at once than the gateway reads.
    pub(crate) fn too_many_logs() -> Self {
        Self::Unreachable(io::Error::other("too many logs are read from the API server at once"))
    }

    /// Whether the cause may pass by itself: a later request may be answered. Credentials that are not
    /// known are renewed.
    pub(crate) fn is_passing(&self) -> bool {
        const PASSING: [StatusCode; 2] = [StatusCode::TOO_MANY_REQUESTS, StatusCode::UNAUTHORIZED];
        match self {
            Self::Refused { status, .. } => status.is_server_error() || PASSING.contains(status),
            Self::Unreachable(_) | Self::TimedOut(_) => true,
        }
    }

    /// The status of the answer, if there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(status.as_u16()),
            Self::Unreachable(_) | Self::TimedOut(_) => None,
        }
    }

    /// Whether what was asked about does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::NOT_FOUND, .. })
    }

    /// Whether the API server does not allow it to the user for whom it was asked.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::FORBIDDEN, .. })
    }
}

impl From<kube::Error> for ApiError {
    fn from(error: kube::Error) -> Self {
        Self::Unreachable(io::Error::other(error))
    }
}

impl From<ApiError> for io::Error {
    fn from(error: ApiError) -> Self {
        Self::other(error)
    }
}
