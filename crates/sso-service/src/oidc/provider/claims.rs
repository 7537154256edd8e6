//! What clients are told about users.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    oidc::{authorization::OidcScope, client::ClientId},
    users::Account,
};

/// The claims about a user, as far as the scope allows them (OpenID Connect Core, section 5.1).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserClaims<'a> {
    /// The id of the user, which never changes.
    sub: Uuid,
    /// The name, with scope `profile`. It may be given to another user one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
    /// The address, with scope `email`, if it is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    /// The roles, with scope `groups`.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [String]>,
}

impl<'a> UserClaims<'a> {
    /// The claims about the user of this account.
    pub(crate) fn new(account: &'a Account, scope: OidcScope) -> Self {
        let is_told = scope.email && account.email_verified;
        let email = account.email.as_deref().filter(|_| is_told);
        Self {
            sub: account.user_id,
            preferred_username: scope.profile.then_some(&*account.username),
            email,
            email_verified: email.map(|_| true),
            groups: scope.groups.then_some(&*account.roles),
        }
    }
}

/// The claims of an ID token (section 2). `acr` and `amr` are left out: a password is all that is
/// known.
#[derive(Debug, Serialize)]
pub(super) struct IdTokenClaims<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: ClientId,
    /// In seconds since 1970, as all instants here.
    pub(super) exp: i64,
    pub(super) iat: i64,
    /// When the user logged in.
    pub(super) auth_time: i64,
    /// The session.
    pub(super) sid: Uuid,
    /// As the client sent it; absent after a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<&'a str>,
    pub(super) at_hash: String,
    #[serde(flatten)]
    pub(super) user: UserClaims<'a>,
}

/// The hash of an access token that an ID token carries (section 3.1.3.6): both algorithms are with
/// SHA-256.
pub(super) fn access_token_hash(token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(token)[..16])
}
