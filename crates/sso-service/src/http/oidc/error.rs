//! The errors of authorization requests that only the user is told.

use service_runtime::http::Problem;

use crate::{
    http::{error::sentence, oauth::errors::refused},
    oidc::BeginError,
};

impl From<BeginError> for Problem {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Malformed
            | BeginError::UnknownClient
            | BeginError::WrongRedirectUri
            | BeginError::RequestOver
            | BeginError::Refused(_) => refused("invalid_request", sentence(&error)),
            BeginError::TooMany => Self::unavailable(
                "too_many_requests",
                "Too many log-ins for applications are going on. Try again.",
            ),
            BeginError::Random(error) => Self::internal(error),
            BeginError::Signing(error) => error.into(),
            BeginError::Store(error) => error.into(),
        }
    }
}

/// 400: the form is none of our page.
pub(super) fn wrong_decision() -> Problem {
    refused("invalid_request", "The form must have a decision and its user.")
}
