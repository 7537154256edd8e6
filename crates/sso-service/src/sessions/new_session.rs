//! Sessions to begin, and how many there may be.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::client::Client;
use crate::{
    tokens::TokenHash,
    users::{PasswordHash, Username},
};

/// How many sessions there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionLimits {
    /// Of one user: beyond it the least recently used one ends.
    pub(crate) per_user: usize,
    /// In all: beyond it log-ins are refused.
    pub(crate) total: usize,
}

/// A session that is to begin.
#[derive(Debug)]
pub(crate) struct NewSession {
    /// A UUIDv7. Its time is that at which the user logged in.
    pub(crate) id: Uuid,
    /// The number of the user.
    pub(crate) user: i64,
    /// The user's epoch, when the password was verified.
    pub(crate) epoch: i64,
    /// The hash that the password was verified with. `None` for a session that another one vouched
    /// for.
    pub(crate) password_hash: Option<PasswordHash>,
    /// The number of the session that vouched for it.
    pub(crate) vouched_by: Option<i64>,
    /// The client that logged in.
    pub(crate) client: Client,
    /// The hash of its session token.
    pub(crate) token: TokenHash,
    /// The hash of its refresh token.
    pub(crate) refresh_token: TokenHash,
    /// When it begins.
    pub(crate) now: DateTime<Utc>,
    /// When its session token expires.
    pub(crate) token_expires_at: DateTime<Utc>,
    /// When its refresh token expires.
    pub(crate) refresh_expires_at: DateTime<Utc>,
    /// No token of it outlives this.
    pub(crate) ends_at: DateTime<Utc>,
}

/// Sessions that begin without a log-in.
#[derive(Debug)]
pub(crate) struct MintedSessions {
    /// The user of all of them.
    pub(crate) user: Username,
    /// The hash of the token of each.
    pub(crate) tokens: Vec<TokenHash>,
    /// When they begin.
    pub(crate) now: DateTime<Utc>,
    /// When they end. They cannot be renewed.
    pub(crate) ends_at: DateTime<Utc>,
}
