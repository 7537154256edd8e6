//! The answer of log-in and refresh.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The answer of `POST /auth/login` and `POST /auth/refresh`: a session and its tokens.
///
/// It borrows the tokens, so that reading it copies no secret, and has no `Debug`.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SessionAnswer<'a> {
    /// The session token.
    pub token: &'a str,
    /// The same, under the name that OAuth 2 clients read.
    pub access_token: &'a str,
    /// Always `bearer`.
    pub token_type: &'a str,
    /// How long the session token lives, in seconds.
    pub expires_in: i64,
    /// From this instant on the session token is invalid.
    pub expires_at: DateTime<Utc>,
    /// Renews the session once.
    pub refresh_token: &'a str,
    /// From this instant on the refresh token is invalid.
    pub refresh_expires_at: DateTime<Utc>,
    /// The session's id.
    pub session_id: Uuid,
    /// The user whose session it is.
    pub username: &'a str,
    /// The user's id.
    pub user_id: Uuid,
    /// The user's roles, sorted.
    pub roles: Cow<'a, [String]>,
    /// The permissions of roles and grants, sorted.
    pub permissions: Cow<'a, [String]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"token":"sso_a","access_token":"sso_a","token_type":"bearer","expires_in":1800,"expires_at":"2026-11-28T10:30:00Z","refresh_token":"ssor_b","refresh_expires_at":"2026-11-28T18:00:00.500Z","session_id":"00000000-0000-0000-0000-000000000000","username":"alice","user_id":"00000000-0000-0000-0000-000000000000","roles":["reader"],"permissions":["logs:read"]}"#;

    #[test]
    fn an_answer_is_written_as_it_is_read() {
        let answer: SessionAnswer<'_> = serde_json::from_str(ANSWER).unwrap();
        assert_eq!((answer.token, answer.refresh_token), ("sso_a", "ssor_b"));
        assert_eq!(serde_json::to_string(&answer).unwrap(), ANSWER);
    }
}
