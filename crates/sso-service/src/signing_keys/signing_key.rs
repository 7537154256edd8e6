//! A key that signs JWTs.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde::Serialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    cryptography_error::CryptographyError, jws_provider, jwt_type::JwtType,
    key_record::SigningKeyRecord,
};

/// A point that is not compressed begins with this byte (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A key that signs JWTs. `Debug` does not show its private part.
#[derive(Debug)]
pub(crate) struct SigningKey {
    /// From this instant on it signs.
    pub(crate) signs_from: DateTime<Utc>,
    private: EncodingKey,
    public: PublicKey,
}

/// The public part of a key, for a JSON Web Key (RFC 7518, section 6.2.1).
#[derive(Debug, Clone)]
pub(crate) struct PublicKey {
    /// The `kid` of its tokens.
    pub(crate) id: Uuid,
    /// The coordinates of its point, in Base64 for URLs.
    pub(crate) x: String,
    pub(crate) y: String,
}

impl SigningKey {
    /// The key of a record with this private key, in PKCS #8. `None` if it cannot be read.
    pub(crate) fn new(record: &SigningKeyRecord, private_key: &[u8]) -> Option<Self> {
        jws_provider::install();
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private_key, &random);
        let pair = pair.ok()?;
        let (&UNCOMPRESSED, point) = pair.public_key().as_ref().split_first()? else {
            return None;
        };
        let (x, y) = point.split_at(point.len() / 2);
        let [x, y] = [x, y].map(|coordinate| BASE64_URL_SAFE_NO_PAD.encode(coordinate));
        Some(Self {
            signs_from: record.signs_from,
            private: EncodingKey::from_ec_der(private_key),
            public: PublicKey { id: record.id, x, y },
        })
    }

    /// The public part.
    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A JWT of this type with these claims, signed.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn sign(
        &self,
        typ: JwtType,
        claims: &impl Serialize,
    ) -> Result<Zeroizing<String>, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.as_str().to_owned());
        header.kid = Some(self.public.id.to_string());
        jsonwebtoken::encode(&header, claims, &self.private).map(Zeroizing::new)
    }
}

/// A new private key, in PKCS #8.
///
/// # Errors
/// When the operating system has no randomness to give.
pub(crate) fn generate_private_key() -> Result<Zeroizing<Vec<u8>>, CryptographyError> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}
