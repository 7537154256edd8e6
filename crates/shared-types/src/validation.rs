//! Who somebody is, as the authority says it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// The answer of `POST /auth/validate` about a live token.
#[derive(Debug, Clone, Serialize)]
pub struct Validation<'a> {
    /// Always true.
    pub success: bool,
    /// Always true: anything else is not a 200.
    pub authorized: bool,
    /// Whose session it is.
    pub username: &'a str,
    /// The user's id.
    pub user_id: Uuid,
    /// The user's roles, sorted.
    pub roles: &'a [String],
    /// What roles and grants permit, sorted.
    pub permissions: &'a [String],
    /// The session's id; `None` for an API key.
    pub session_id: Option<Uuid>,
    /// When the token was made.
    pub issued_at: DateTime<Utc>,
    /// From this instant on the token is invalid.
    pub expires_at: DateTime<Utc>,
}
