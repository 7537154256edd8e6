//! What is configured about OAuth.

use super::audience::Audiences;
use crate::signing_keys::{RsaSigningKey, SecretKey};

/// The settings of the use cases of OAuth.
#[derive(Debug, Clone, Default)]
pub(crate) struct OAuthSettings {
    /// The services that JWTs are issued for; none without them.
    pub(crate) audiences: Audiences,
    /// The key that seals signing keys in the database; they are plain without it.
    pub(crate) secret_key: Option<SecretKey>,
    /// The key that signs ID tokens with RS256; they are signed with ES256 without it.
    pub(crate) rsa_key: Option<RsaSigningKey>,
}
