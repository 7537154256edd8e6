//! The errors of signing keys.

use uuid::Uuid;

use crate::{signing_keys::CryptographyError, store::Unavailable};

/// Signing keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningError {
    /// Keys are sealed, and no secret is configured.
    #[error("is not set, but the signing keys in the database are encrypted with it")]
    SecretMissing,
    /// Keys were sealed with another secret.
    #[error("does not decrypt the signing keys in the database: it was another one before")]
    WrongSecret,
    /// A stored key is no key of ours.
    #[error("the signing key {0} cannot be read")]
    Corrupt(Uuid),
    /// There is no key; the first one is created at the start.
    #[error("no signing key found")]
    NoKey,
    /// RS256 is demanded and no key is configured for it.
    #[error("RS256 is demanded, and SSO_SIGNING_RSA_KEY is not set")]
    NoRsaKey,
    /// No key could be generated or sealed.
    #[error(transparent)]
    Cryptography(#[from] CryptographyError),
    /// Verifiers would take the token for expired, or for one of the future.
    #[error("the time of the service and the clock of this machine differ by more than a minute")]
    DoubtfulTime,
    /// The token could not be signed.
    #[error("cannot sign: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl SigningError {
    /// Whether another secret would help.
    pub(crate) fn is_about_the_secret(&self) -> bool {
        matches!(self, Self::SecretMissing | Self::WrongSecret)
    }

    /// The variable of the environment that an operator looks at.
    pub(crate) fn variable(&self) -> &'static str {
        if self.is_about_the_secret() { "SSO_SECRET_KEY" } else { "SSO_DATABASE_URL" }
    }
}
