//! Proof Key for Code Exchange (RFC 7636), with the method S256 alone.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A code challenge of the method S256: a SHA-256 in Base64 for URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeChallenge(String);

impl CodeChallenge {
    /// The challenge of this text; `None` if it is the Base64 of no SHA-256.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hash = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        (hash.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The challenge that this verifier answers; `None` if it is no verifier (section 4.1).
    pub(crate) fn of_verifier(verifier: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_verifier = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_allowed);
        is_verifier.then(|| Self(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the other one is the same. Takes the same time for every other one.
    pub(crate) fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_is_the_one_of_rfc_7636() {
        // Appendix B.
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let of = CodeChallenge::of_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert!(of.unwrap().is(challenge) && CodeChallenge::parse(challenge).is_some());
    }

    #[test]
    fn verifier_has_43_to_128_unreserved_characters() {
        for (verifier, expected) in [
            ("a".repeat(43), true),
            ("-._~".repeat(32), true),
            ("a".repeat(42), false),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(43)), false),
            (format!("{}ä", "a".repeat(43)), false),
            (String::new(), false),
        ] {
            assert_eq!(CodeChallenge::of_verifier(&verifier).is_some(), expected, "{verifier}");
        }
    }

    #[test]
    fn challenge_is_the_base64_of_a_hash() {
        for (text, expected) in [
            ("A".repeat(43), true),
            ("A".repeat(42), false),
            ("A".repeat(44), false),
            (format!("{}=", "A".repeat(43)), false),
            (format!("{}+", "A".repeat(42)), false),
            (String::new(), false),
        ] {
            assert_eq!(CodeChallenge::parse(&text).is_some(), expected, "{text}");
        }
    }
}
