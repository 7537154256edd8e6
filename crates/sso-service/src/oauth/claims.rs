//! The claims of a JWT access token.

use serde::Serialize;
use uuid::Uuid;

use super::{audience::Audience, scope::Scope};
use crate::authority::Holder;

/// The client of sessions that began with a log-in at the service itself.
const OWN_CLIENT: &str = "sso-service";

/// The claims of an access token (RFC 9068, section 2.2), and `sid`, `preferred_username`
/// (OpenID Connect).
#[derive(Debug, Serialize)]
pub(super) struct AccessTokenClaims<'a> {
    iss: &'a str,
    /// The id of the user, or of the key.
    sub: Uuid,
    aud: &'a str,
    /// In seconds since 1970, as all instants here.
    exp: i64,
    iat: i64,
    jti: Uuid,
    /// The client that the subject token belongs to: a key is its own.
    client_id: &'a str,
    /// When the session began.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    preferred_username: &'a str,
    /// The permissions, separated by blanks.
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    entitlements: &'a [String],
    /// Absent when the scope was narrowed: a role stands for all of its permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [String]>,
}

/// The instants and the id of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenStamp {
    pub(super) jti: Uuid,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

impl<'a> AccessTokenClaims<'a> {
    /// The claims of a token for the holder of another one.
    pub(super) fn new(
        issuer: &'a str,
        audience: &'a Audience,
        holder: &'a Holder,
        scope: &'a Scope,
        stamp: TokenStamp,
    ) -> Self {
        let account = &*holder.account;
        let roles = match scope {
            Scope::Whole(_) => Some(account.roles.as_slice()),
            Scope::Narrowed(_) => None,
        };
        Self {
            iss: issuer,
            sub: account.user_id,
            aud: audience.as_str(),
            exp: stamp.exp,
            iat: stamp.iat,
            jti: stamp.jti,
            client_id: holder.session_id.map_or(&account.username, |_| OWN_CLIENT),
            auth_time: holder.session_id.and_then(session_began_at),
            sid: holder.session_id,
            preferred_username: &account.username,
            scope: scope.permissions().join(" "),
            entitlements: scope.permissions(),
            roles,
            groups: roles,
        }
    }
}

/// When a session began. Its id, a UUIDv7, tells (RFC 9562, section 5.7).
fn session_began_at(id: Uuid) -> Option<u64> {
    id.get_timestamp().map(|timestamp| timestamp.to_unix().0)
}
