//! The keys that sign JWTs: ES256 on the curve P-256 (RFC 7518, section 3.4), and their schedule.

mod cryptography_error;
mod es256_provider;
mod key_record;
mod schedule;
mod secret_key;
mod signing_key;

pub(crate) use cryptography_error::CryptographyError;
pub(crate) use key_record::{NewSigningKey, SigningKeyRecord, StoredPrivateKey};
pub(crate) use schedule::{KeySchedule, PUBLISHED_AHEAD};
pub(crate) use secret_key::SecretKey;
pub(crate) use signing_key::{PublicKey, SigningKey, generate_private_key};
