//! What the authority's word comes to: a caller, or why there is none.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;

use super::Caller;

/// What is known of a token after asking.
pub(super) type Verdict = Result<Caller, Refusal>;

/// Why a token does not make a caller.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// It is no live token.
    Invalid,
    /// The authority knows it and will not have it.
    Forbidden,
    /// It cannot be told. One cause may concern many who asked.
    Unknown(Arc<Unknown>),
}

/// Why it cannot be told. For the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unknown {
    #[error("too many wait for the authority already")]
    Busy,
    #[error("the authority did not answer in time")]
    Timeout,
    #[error("the call to the authority was broken off")]
    BrokenOff,
    #[error("the authority cannot be asked: {0}")]
    Transport(#[from] reqwest::Error),
    #[error("the authority answered {0}")]
    Status(StatusCode),
    #[error("the authority's answer is too large")]
    TooLarge,
    #[error("the authority's answer makes no sense")]
    Nonsense,
    #[error(
        "the authority vouches for a token that is expired by our clock: it ends at {expires_at}, \
         and it is {now} here; check the clocks of both machines"
    )]
    ExpiredByOurClock { expires_at: DateTime<Utc>, now: DateTime<Utc> },
}

impl From<Unknown> for Refusal {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(Arc::new(unknown))
    }
}
