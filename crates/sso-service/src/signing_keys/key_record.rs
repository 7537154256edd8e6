//! Signing keys as they are stored.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A signing key as it is stored.
#[derive(Debug)]
pub(crate) struct SigningKeyRecord {
    /// Its number, which no later key has.
    pub(crate) number: i64,
    /// The `kid` of its tokens: a UUIDv7.
    pub(crate) id: Uuid,
    /// From this instant on it signs, until the next key does.
    pub(crate) signs_from: DateTime<Utc>,
    pub(crate) private_key: StoredPrivateKey,
}

/// A signing key to be stored.
#[derive(Debug)]
pub(crate) struct NewSigningKey {
    pub(crate) id: Uuid,
    pub(crate) signs_from: DateTime<Utc>,
    pub(crate) private_key: StoredPrivateKey,
}

/// A private key as it is stored. `Debug` does not show it.
pub(crate) enum StoredPrivateKey {
    /// PKCS #8.
    Plain(Zeroizing<Vec<u8>>),
    /// The same, sealed with the secret key of the service.
    Sealed(Vec<u8>),
}

impl fmt::Debug for StoredPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPrivateKey(…)")
    }
}
