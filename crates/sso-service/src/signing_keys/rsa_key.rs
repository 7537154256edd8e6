//! The RSA key of an operator, for clients that know no other algorithm than RS256.

use std::str::FromStr;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::signature::{RsaKeyPair, RsaPublicKeyComponents};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{jws_provider, jwt_type::JwtType};

/// A key that signs ID tokens with RS256. It is not rotated: its operator replaces it. `Debug` does
/// not show its private part.
#[derive(Debug, Clone)]
pub(crate) struct RsaSigningKey {
    private: EncodingKey,
    public: RsaPublicKey,
}

/// The public part of the key, for a JSON Web Key (RFC 7518, section 6.3.1).
#[derive(Debug, Clone)]
pub(crate) struct RsaPublicKey {
    /// The `kid` of its tokens: its thumbprint (RFC 7638).
    pub(crate) id: String,
    /// The modulus and the exponent, in Base64 for URLs.
    pub(crate) n: String,
    pub(crate) e: String,
}

impl RsaSigningKey {
    /// The public part.
    pub(crate) fn public(&self) -> &RsaPublicKey {
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
        let mut header = Header::new(Algorithm::RS256);
        header.typ = Some(typ.as_str().to_owned());
        header.kid = Some(self.public.id.clone());
        jsonwebtoken::encode(&header, claims, &self.private).map(Zeroizing::new)
    }
}

/// In PEM, as of `openssl genpkey -algorithm RSA`.
impl FromStr for RsaSigningKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        jws_provider::install();
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes());
        let der = der.map_err(|_| "must be a private key in PEM (PKCS #8, not encrypted)")?;
        let der = der.secret_pkcs8_der();
        let pair = RsaKeyPair::from_pkcs8(der);
        let pair = pair.map_err(|_| "must be an RSA key of 2048 to 4096 bits")?;
        let RsaPublicKeyComponents { n, e } =
            RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
        let [n, e] = [n, e].map(|number| BASE64_URL_SAFE_NO_PAD.encode(number));
        let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
        let id = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(members));
        Ok(Self { private: EncodingKey::from_rsa_der(der), public: RsaPublicKey { id, n, e } })
    }
}

/// A key for tests.
#[cfg(test)]
pub(crate) const TEST_RSA_KEY: &str = include_str!("test_rsa_key.pem");

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn token_is_verified_by_the_published_numbers() {
        let key: RsaSigningKey = TEST_RSA_KEY.parse().unwrap();
        let token = key.sign(JwtType::Id, &json!({"sub": "alice", "exp": i64::MAX / 2}));
        let token = token.unwrap();
        let header = decode_header(&*token).unwrap();
        let public = key.public();
        assert_eq!((header.alg, header.kid), (Algorithm::RS256, Some(public.id.clone())));
        let verifier = DecodingKey::from_rsa_components(&public.n, &public.e).unwrap();
        let read = |token: &str, algorithm| {
            decode::<Value>(token, &verifier, &Validation::new(algorithm)).map(|read| read.claims)
        };
        assert_eq!(read(&token, Algorithm::RS256).unwrap()["sub"], "alice");
        assert!(read(&token, Algorithm::ES256).is_err());
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert!(read(&format!("{signed}.AAAA"), Algorithm::RS256).is_err());
    }

    #[test]
    fn other_text_is_no_key() {
        let cut = &TEST_RSA_KEY[..TEST_RSA_KEY.len() / 2];
        let other = TEST_RSA_KEY.replace("PRIVATE KEY", "PUBLIC KEY");
        for text in ["", "x", cut, &other] {
            assert!(text.parse::<RsaSigningKey>().is_err(), "{text}");
        }
        let key: RsaSigningKey = TEST_RSA_KEY.parse().unwrap();
        assert!(!format!("{key:?}").contains(&TEST_RSA_KEY[60..90]));
    }
}
