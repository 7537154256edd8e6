//! Why a log-in by the provider did not succeed.

use crate::{
    authority::LoginError,
    store::{StoreError, Unavailable, UpstreamUserError},
};

/// A log-in by the provider did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// The provider does not answer, or fails.
    #[error("the provider does not answer: {0}")]
    Unavailable(String),
    /// The provider answers something that breaks the protocol.
    #[error("the provider's answer is not acceptable: {0}")]
    Invalid(&'static str),
    /// The provider refused the user or the code.
    #[error("the provider refused the log-in: {0}")]
    Refused(String),
    /// The log-in was begun in another browser, is over, or was finished before.
    #[error("no log-in of this browser waits for the provider")]
    NotBegun,
    /// Too many log-ins wait for the provider.
    #[error("too many log-ins wait for the provider")]
    TooMany,
    /// The claim that decides about roles is missing.
    #[error("the provider does not tell the claim {0}")]
    ClaimMissing(String),
    /// The user may not log in, or could not be stored.
    #[error(transparent)]
    User(#[from] UpstreamUserError),
    /// The session could not be begun.
    #[error(transparent)]
    LogIn(#[from] LoginError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gives no randomness.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}

impl From<Unavailable> for UpstreamError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}

impl From<reqwest::Error> for UpstreamError {
    /// Without the URL, which may have a secret.
    fn from(error: reqwest::Error) -> Self {
        Self::Unavailable(error.without_url().to_string())
    }
}
