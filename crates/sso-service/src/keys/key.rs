//! A key of a program.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use shared_types::Permission;
use uuid::Uuid;

use crate::{tokens::TokenHash, users::Username};

/// A key to be created.
#[derive(Debug)]
pub(crate) struct NewKey {
    /// Its name, which no other key has.
    pub(crate) name: KeyName,
    /// The hash of the key itself.
    pub(crate) hash: TokenHash,
    /// Its permissions.
    pub(crate) permissions: Vec<Permission>,
    /// From this instant on it is invalid, if ever.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// The name of its author.
    pub(crate) created_by: String,
}

/// A key as it is listed: without the key itself, which only its holder has.
#[derive(Debug)]
pub(crate) struct ApiKey {
    /// A UUIDv7.
    pub(crate) id: Uuid,
    /// Its name.
    pub(crate) name: String,
    /// Its permissions, sorted.
    pub(crate) permissions: Vec<String>,
    /// From this instant on it is invalid, if ever.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// The name of its author, as it was then.
    pub(crate) created_by: String,
    /// When that was.
    pub(crate) created_at: DateTime<Utc>,
}

/// The name of a key, which is spelled as names of users are. It is not mistaken for a user: where
/// users are named, a key is `key:<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyName(Username);

impl KeyName {
    /// The name, lower-cased.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for KeyName {
    type Err = InvalidKeyName;

    fn from_str(text: &str) -> Result<Self, InvalidKeyName> {
        text.parse().map(Self).map_err(|_| InvalidKeyName)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is no name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a key name: 1 to 63 of a-z, 0-9, '.', '_', '@' and '-', the first a letter or a digit"
)]
pub(crate) struct InvalidKeyName;
