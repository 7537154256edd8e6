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

/// The longest error code that is logged, in bytes. Those of the standards have 30 at most.
const MAX_CODE_BYTES: usize = 64;

impl UpstreamError {
    /// The refusal with this error code of the provider, or of the browser that came from it. Another
    /// text than a code is not logged (RFC 6749, section 5.2, has visible ASCII).
    pub(super) fn refused(code: &str) -> Self {
        let is_code = code.len() <= MAX_CODE_BYTES && code.bytes().all(|b| b.is_ascii_graphic());
        Self::Refused(if is_code { code } else { "an error without a valid code" }.to_owned())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_names_a_code_and_no_other_text() {
        let long = "x".repeat(MAX_CODE_BYTES + 1);
        for (code, named) in [
            ("access_denied", "access_denied"),
            ("x\nINFO forged", "an error without a valid code"),
            ("\x1b[2J", "an error without a valid code"),
            ("ä", "an error without a valid code"),
            (&long, "an error without a valid code"),
        ] {
            let said = UpstreamError::refused(code).to_string();
            assert_eq!(said, format!("the provider refused the log-in: {named}"));
        }
    }
}
