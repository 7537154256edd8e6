//! Random secrets of a log-in in a browser.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A secret of 256 random bits in Base64 for URLs: a state, or the verifier of PKCE.
pub(super) struct SecretText(Zeroizing<String>);

impl SecretText {
    /// A new one from the operating system's generator.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut bytes[..])?;
        Ok(Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(&bytes[..]))))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// The challenge of PKCE that this verifier answers (RFC 7636, method S256).
    pub(super) fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose()))
    }
}
