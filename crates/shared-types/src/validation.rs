//! Who somebody is, as the authority says it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// How many tokens one call may ask about at most.
pub const MAX_BATCH: usize = 64;

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

/// What `POST /auth/validate/batch` is asked: about 1 to [`MAX_BATCH`] tokens.
#[derive(Serialize)]
pub struct TokenBatch<'a> {
    /// In the order in which they will be answered.
    pub tokens: Vec<&'a str>,
}

/// The answer about one token of a batch: what a validation of its own would have answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum BatchEntry<'a> {
    /// It is live.
    Live {
        /// Always 200.
        status: u16,
        /// What is said about it.
        #[serde(flatten)]
        validation: Validation<'a>,
    },
    /// It is not, or that cannot be told.
    Refused {
        /// 401 or 503.
        status: u16,
        /// The code of the problem.
        code: &'a str,
    },
}
