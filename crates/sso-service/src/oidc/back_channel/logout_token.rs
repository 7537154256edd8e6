//! Logout tokens (section 2.4).

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use service_runtime::clock::id_at;
use uuid::Uuid;

use super::notice::LogoutNotice;
use crate::oidc::client::ClientId;

/// How long a logout token is valid: it is read at once.
const LIFETIME: TimeDelta = TimeDelta::minutes(2);

/// The claims of a logout token. It has no `nonce`, so that it is no ID token.
#[derive(Debug, Serialize)]
pub(crate) struct LogoutClaims<'a> {
    iss: &'a str,
    aud: ClientId,
    /// In seconds since 1970, as the next one.
    iat: i64,
    exp: i64,
    jti: Uuid,
    /// The user.
    sub: Uuid,
    /// The session; without it, all sessions of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    events: serde_json::Value,
}

impl<'a> LogoutClaims<'a> {
    /// The claims for this notice.
    pub(crate) fn new(notice: &LogoutNotice, issuer: &'a str, now: DateTime<Utc>) -> Self {
        Self {
            iss: issuer,
            aud: notice.client,
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            jti: id_at(now),
            sub: notice.subject,
            sid: notice.session_id,
            events: json!({"http://schemas.openid.net/event/backchannel-logout": {}}),
        }
    }
}
