//! Secrets without a form of their own.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::tokens::TokenHash;

/// A secret of 256 random bits in Base64 for URLs: a code, the id of a stored request or the secret
/// of a client. Never shown by `Debug`, wiped when dropped; only its hash is stored.
pub(crate) struct RandomText(Zeroizing<String>);

impl RandomText {
    /// A new one from the operating system's generator.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut bytes[..])?;
        Ok(Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(&bytes[..]))))
    }

    /// The text itself, for the one answer that hands it out.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Its hash.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }
}

impl fmt::Debug for RandomText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomText(…)")
    }
}
