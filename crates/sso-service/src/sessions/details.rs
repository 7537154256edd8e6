//! Sessions as they are shown.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::tokens::TokenHash;

/// A session, as it is shown to its user and to administrators.
#[derive(Debug)]
pub(crate) struct SessionDetails {
    /// A UUIDv7.
    pub(crate) id: Uuid,
    /// When the user logged in.
    pub(crate) created_at: DateTime<Utc>,
    /// When a token of it was last used, to the second.
    pub(crate) last_seen_at: DateTime<Utc>,
    /// However often it is renewed, it ends then.
    pub(crate) ends_at: DateTime<Utc>,
    /// The client that logged in, seen through trusted proxies; `None` when it was minted.
    pub(crate) ip: Option<IpAddr>,
    /// The `User-Agent` of the client.
    pub(crate) user_agent: Option<String>,
    /// Its number in the database.
    pub(crate) number: i64,
    /// The hash of its newest token.
    pub(crate) hash: Option<TokenHash>,
}

/// A session in a list of those of all users.
#[derive(Debug)]
pub(crate) struct SessionOfUser {
    /// A UUIDv7.
    pub(crate) id: Uuid,
    /// The name of the user.
    pub(crate) username: String,
    /// When the user logged in.
    pub(crate) created_at: DateTime<Utc>,
    /// When a token of it was last used, as far as that is written.
    pub(crate) last_seen_at: DateTime<Utc>,
    /// However often it is renewed, it ends then.
    pub(crate) ends_at: DateTime<Utc>,
    /// The address of the client that logged in, unless the session was minted.
    pub(crate) ip: Option<String>,
}

/// A session that a token names, and its user.
#[derive(Debug)]
pub(crate) struct NamedSession {
    /// Its number in the database.
    pub(crate) number: i64,
    /// A UUIDv7.
    pub(crate) id: Uuid,
    /// The id of the user.
    pub(crate) user_id: Uuid,
    /// The name of the user.
    pub(crate) username: String,
    /// The hashes of its session tokens.
    pub(crate) tokens: Vec<TokenHash>,
}

/// A session that was removed because its time was over.
#[derive(Debug)]
pub(crate) struct ExpiredSession {
    /// `None` if it had ended before.
    pub(crate) owner: Option<SessionOwner>,
}

/// A session and its user.
#[derive(Debug)]
pub(crate) struct SessionOwner {
    pub(crate) session_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) username: String,
}
