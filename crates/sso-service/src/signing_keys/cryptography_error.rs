//! The error of what needs randomness.

use ring::error::Unspecified;

/// A key could not be generated or sealed. ring does not tell more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cryptography failed: the operating system may give no random bytes")]
pub(crate) struct CryptographyError;

impl From<Unspecified> for CryptographyError {
    fn from(Unspecified: Unspecified) -> Self {
        Self
    }
}
