//! The errors of a log-in by the provider as problems.

use actix_web::http::StatusCode;
use service_runtime::http::Problem;

use crate::{store::UpstreamUserError, upstream::UpstreamError};

impl From<UpstreamError> for Problem {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Unavailable(_) => Self::unavailable(
                "provider_unavailable",
                "The login provider does not answer. Try again in a moment.",
            )
            .caused_by(error),
            UpstreamError::Invalid(_) => Self::new(
                StatusCode::BAD_GATEWAY,
                "provider_invalid",
                "The login provider gave an answer that is not accepted. Tell an administrator.",
            )
            .caused_by(error),
            UpstreamError::Refused(_) => {
                let detail = "The login provider refused the log-in. Log in again.";
                Self::new(StatusCode::FORBIDDEN, "provider_refused", detail).caused_by(error)
            }
            UpstreamError::NotBegun => Self::new(
                StatusCode::BAD_REQUEST,
                "login_expired",
                "This log-in took too long, was finished before, or was begun in another browser. \
                 Log in again.",
            ),
            UpstreamError::TooMany => Self::unavailable(
                "busy",
                "Too many log-ins wait for the login provider; try again later.",
            ),
            UpstreamError::ClaimMissing(_) => Self::new(
                StatusCode::FORBIDDEN,
                "provider_claim_missing",
                "The login provider does not tell your groups. Tell an administrator.",
            )
            .caused_by(error),
            UpstreamError::User(error) => error.into(),
            UpstreamError::LogIn(error) => error.into(),
            UpstreamError::Store(error) => error.into(),
            UpstreamError::Random(error) => Self::internal(error),
        }
    }
}

impl From<UpstreamUserError> for Problem {
    fn from(error: UpstreamUserError) -> Self {
        match error {
            UpstreamUserError::Disabled | UpstreamUserError::NotPermitted => Self::new(
                StatusCode::FORBIDDEN,
                "not_permitted",
                "Your account may not log in here. Ask an administrator.",
            ),
            UpstreamUserError::UnknownRole(_) => Self::internal(error),
            UpstreamUserError::Store(error) => error.into(),
        }
    }
}
