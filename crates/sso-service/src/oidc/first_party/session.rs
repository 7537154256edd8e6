//! Sessions of the first-party client. The session of the browser vouches for each.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    oidc::authorization::ReusedGrant, sessions::Client, tokens::TokenHash, users::Account,
};

/// The tokens of a session to begin.
#[derive(Debug, Clone)]
pub(crate) struct VouchedTokens {
    pub(crate) token: TokenHash,
    pub(crate) refresh_token: TokenHash,
    /// Where the client is.
    pub(crate) client: Client,
    pub(crate) now: DateTime<Utc>,
    /// If the session went on for ever, as the next one.
    pub(crate) token_expires_at: DateTime<Utc>,
    pub(crate) refresh_expires_at: DateTime<Utc>,
}

/// A session that has begun.
#[derive(Debug)]
pub(crate) struct VouchedSession {
    pub(crate) account: Account,
    pub(crate) session_id: Uuid,
    pub(crate) token_expires_at: DateTime<Utc>,
    pub(crate) refresh_expires_at: DateTime<Utc>,
    /// The sessions of the user that had to make room.
    pub(crate) evicted: Vec<Uuid>,
}

/// The result of an exchange of a code.
#[derive(Debug)]
pub(crate) enum CodeOutcome {
    Begun(Box<VouchedSession>),
    /// It was seen before. The session that it gave, by its number, has ended.
    Reused(Box<ReusedGrant>, Option<i64>),
    /// It is not valid.
    Refused,
}
