//! The result of asking the authority about a token: a caller, or why there is none.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;

use super::Caller;

/// The caller with a token.
pub(super) type Identification = Result<Caller, IdentifyError>;

/// Why a token identifies no caller.
#[derive(Debug, Clone)]
pub(crate) enum IdentifyError {
    /// The token is unknown, expired or revoked.
    Invalid,
    /// The authority does not permit the token here.
    Forbidden,
    /// The authority cannot tell right now. Requests that shared a call share the cause.
    Unknown(Arc<UnknownCause>),
}

/// Why the authority cannot tell. For the log only.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnknownCause {
    #[error("too many requests wait for the authority")]
    Busy,
    #[error("the authority did not answer in time")]
    Timeout,
    #[error("the call to the authority was cancelled")]
    BrokenOff,
    #[error("cannot call the authority: {0}")]
    Transport(#[from] reqwest::Error),
    #[error("the authority answered {0}")]
    Status(StatusCode),
    #[error("the authority's answer is too large")]
    TooLarge,
    #[error("the authority's answer is not valid")]
    InvalidAnswer,
    #[error(
        "the authority accepts a token that is expired by our clock: it ends at {expires_at}, and \
         it is {now} here; check the clocks of both machines"
    )]
    ExpiredByOurClock { expires_at: DateTime<Utc>, now: DateTime<Utc> },
}

impl UnknownCause {
    /// Whether the cause may be in the token rather than in the authority.
    pub(super) fn concerns_token(&self) -> bool {
        matches!(self, Self::TooLarge | Self::ExpiredByOurClock { .. })
    }
}

impl From<UnknownCause> for IdentifyError {
    fn from(unknown: UnknownCause) -> Self {
        Self::Unknown(Arc::new(unknown))
    }
}
