//! Renewing a session: a refresh token is spent for a new session token and the next refresh token.
//!
//! An answer can get lost, and a client can ask twice at a time. So for ten seconds
//! ([`REPLAY_WINDOW`](super::refresh_token::REPLAY_WINDOW)) the same token gets the same answer. A
//! spent token that is shown later ends the session if one of its successors was used: two clients
//! have it then, and one of them has stolen it. If none was used, the answer was lost; the token
//! gets new successors, and the unused ones are void.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    tokens::{Nonce, TokenHash},
    users::{Account, User},
};

/// The tokens that a session is renewed with, if its refresh token is shown for the first time.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// The hash of the refresh token that was shown.
    pub(crate) presented: TokenHash,
    /// What its successors are made with.
    pub(crate) nonce: Nonce,
    /// The hash of the next session token.
    pub(crate) token: TokenHash,
    /// The hash of the next refresh token.
    pub(crate) refresh_token: TokenHash,
    /// The time of the renewal.
    pub(crate) now: DateTime<Utc>,
    /// When the next session token would expire, if the session went on for ever.
    pub(crate) token_expires_at: DateTime<Utc>,
    /// When the next refresh token would expire, if the session went on for ever.
    pub(crate) refresh_expires_at: DateTime<Utc>,
}

/// The result of a renewal. Everything but [`Refreshed::Renewed`] is a refusal.
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// The successors of the token; perhaps given again.
    Renewed(Box<Renewed>),
    /// The token was spent long ago, and its successors were used. The session has ended now.
    Reused(Box<EndedSession>),
    /// The session was renewed a moment ago, by another token. This can be tried again after that.
    TooSoon(TimeDelta),
    /// The token was never issued, or it or its session is over. Nothing has changed.
    Invalid,
}

/// A session that ended because its refresh token was shown again, and its user.
#[derive(Debug)]
pub(crate) struct EndedSession {
    pub(crate) session_id: Uuid,
    pub(crate) account: Account,
    /// The numbers in the database: of the session, and of those that it vouched for.
    pub(crate) numbers: Vec<i64>,
}

/// The successors of a refresh token.
#[derive(Debug)]
pub(crate) struct Renewed {
    /// What the new tokens are made with.
    pub(crate) nonce: Nonce,
    /// The user of the session.
    pub(crate) user: User,
    /// The session.
    pub(crate) session_id: Uuid,
    /// When the new tokens were issued.
    pub(crate) issued_at: DateTime<Utc>,
    /// When the new session token expires.
    pub(crate) token_expires_at: DateTime<Utc>,
    /// When the new refresh token expires.
    pub(crate) refresh_expires_at: DateTime<Utc>,
}
