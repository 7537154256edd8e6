//! The secret key that seals other keys in the database.

use std::{fmt, str::FromStr};

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, Salt},
    rand::{SecureRandom, SystemRandom},
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::cryptography_error::CryptographyError;

/// The fewest characters of the text that it is made of: those of 24 random bytes in Base64.
const MIN_LENGTH: usize = 32;

/// A key for AES-256-GCM, derived from a text by HKDF (RFC 5869). `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// Seals a private key for the signing key of this id: a random nonce, the ciphertext and its
    /// tag. It opens with the same id only.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn seal(&self, id: Uuid, private_key: &[u8]) -> Result<Vec<u8>, CryptographyError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce)?;
        let mut text = private_key.to_vec();
        let aad = Aad::from(id.into_bytes());
        let nonce_once = Nonce::assume_unique_for_key(nonce);
        self.cipher()?.seal_in_place_append_tag(nonce_once, aad, &mut text)?;
        Ok([&nonce[..], &text].concat())
    }

    /// Opens what was sealed for this id; `None` if it was sealed with another key or altered.
    pub(crate) fn open(&self, id: Uuid, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from(id.into_bytes());
        let length = self.cipher().ok()?.open_in_place(nonce, aad, &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    fn cipher(&self) -> Result<LessSafeKey, Unspecified> {
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.0[..])?))
    }
}

impl FromStr for SecretKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.len() < MIN_LENGTH {
            return Err("must have at least 32 characters, as of openssl rand -base64 32");
        }
        let mut key = Zeroizing::new([0; 32]);
        let secret = Salt::new(HKDF_SHA256, b"sso-service").extract(text.as_bytes());
        let filled = secret
            .expand(&[b"signing keys"], HKDF_SHA256)
            .and_then(|derived| derived.fill(&mut key[..]));
        filled.map_err(|Unspecified| "cannot be used")?;
        Ok(Self(key))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SecretKey {
        text.repeat(32).parse().unwrap()
    }

    #[test]
    fn sealed_key_opens_with_the_same_secret_and_id_only() {
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = key("a").seal(id, b"private").unwrap();
        assert_eq!(key("a").open(id, &sealed).unwrap().as_slice(), b"private");
        assert!(key("b").open(id, &sealed).is_none());
        assert!(key("a").open(other, &sealed).is_none());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key("a").open(id, &altered).is_none(), "{at}");
            assert!(key("a").open(id, &sealed[..at]).is_none(), "{at}");
        }
    }

    #[test]
    fn one_key_is_sealed_differently_each_time() {
        let (id, key) = (Uuid::from_u128(1), key("a"));
        let [first, second] = [(); 2].map(|()| key.seal(id, b"private").unwrap());
        assert_ne!(first, second);
        assert!(!first.windows(7).any(|part| part == b"private"));
    }

    #[test]
    fn short_text_is_refused_as_secret() {
        assert!("a".repeat(31).parse::<SecretKey>().is_err());
        assert!("a".repeat(32).parse::<SecretKey>().is_ok());
        assert_eq!(format!("{:?}", key("a")), "SecretKey(…)");
    }
}
