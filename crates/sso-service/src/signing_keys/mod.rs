//! The keys that sign JWTs: ES256 on the curve P-256 (RFC 7518, section 3.4), and their schedule.

mod algorithm;
mod cryptography_error;
mod jws_provider;
mod jwt_type;
mod key_record;
mod rsa_key;
mod schedule;
mod secret_key;
mod signing_key;

pub(crate) use algorithm::SigningAlgorithm;
pub(crate) use cryptography_error::CryptographyError;
pub(crate) use jwt_type::JwtType;
pub(crate) use key_record::{NewSigningKey, SigningKeyRecord, StoredPrivateKey};
#[cfg(test)]
pub(crate) use rsa_key::TEST_RSA_KEY;
pub(crate) use rsa_key::{RsaPublicKey, RsaSigningKey};
pub(crate) use schedule::{KeySchedule, PUBLISHED_AHEAD};
pub(crate) use secret_key::SecretKey;
pub(crate) use signing_key::{PublicKey, SigningKey, generate_private_key};
