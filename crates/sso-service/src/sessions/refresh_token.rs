//! A refresh token in the database, and what showing it comes to.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, SqliteConnection, query_as};
use uuid::Uuid;

use super::{live::LiveSessions, live_session::LiveSession};
use crate::{
    timekeeping::MAX_AHEAD,
    tokens::{Nonce, TokenHash},
};

/// How long a spent refresh token gets the same answer again, and how long a session that was
/// renewed is not renewed again.
pub(super) const REPLAY_WINDOW: TimeDelta = TimeDelta::seconds(10);

/// A refresh token and its session as they stand in the tables.
#[derive(Debug, FromRow)]
pub(super) struct TokenRow {
    expires_at: i64,
    pub(super) spent_at: Option<i64>,
    nonce: Option<Vec<u8>>,
    token_expires_at: Option<i64>,
    successor_expires_at: Option<i64>,
    pub(super) session: i64,
    id: Vec<u8>,
    pub(super) user: i64,
    pub(super) epoch: i64,
    created_at: i64,
    rotated_at: Option<i64>,
    used_issued_at: Option<i64>,
    ends_at: i64,
    /// The hash of the session's newest token.
    newest: Option<Vec<u8>>,
}

/// When the new tokens expire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ends {
    pub(super) token: i64,
    pub(super) refresh_token: i64,
}

/// What was answered before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Again {
    pub(super) nonce: Nonce,
    pub(super) at: i64,
    pub(super) ends: Ends,
}

/// What showing a refresh token comes to.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Renew,
    /// As [`Verdict::Renew`], in the place of what was issued before.
    Replace,
    Again(Again),
    Reused,
    TooSoon(TimeDelta),
    Expired,
    /// The session was begun or renewed while the clock was wrong.
    FromTheFuture,
}

impl TokenRow {
    /// `last_use`: when the newest of the session's tokens that was used had been issued.
    pub(super) fn judge(&self, now: DateTime<Utc>, last_use: i64) -> Verdict {
        let latest = self.rotated_at.unwrap_or(self.created_at);
        if latest > (now + MAX_AHEAD).timestamp_millis() {
            return Verdict::FromTheFuture;
        }
        if let Some(spent_at) = self.spent_at {
            if let Some(again) = self.answer_of(spent_at).filter(|_| within_window(now, spent_at)) {
                return Verdict::Again(again);
            }
            // Of a later rotation than this one the successors are those of a successor.
            let unused = self.rotated_at == Some(spent_at) && last_use < spent_at;
            if !unused {
                return Verdict::Reused;
            }
        }
        if self.expires_at <= now.timestamp_millis() {
            return Verdict::Expired;
        }
        match self.rotated_at {
            Some(rotated_at) if within_window(now, rotated_at) => {
                Verdict::TooSoon(REPLAY_WINDOW - since(now, rotated_at).abs())
            }
            _ if self.spent_at.is_some() => Verdict::Replace,
            _ => Verdict::Renew,
        }
    }

    /// When the newest token that was used had been issued. What is in memory is newer than what
    /// was written.
    pub(super) fn last_use(&self, live: &LiveSessions) -> i64 {
        let in_memory =
            self.live_session(live).map_or(self.created_at, |session| session.used_issued_at());
        in_memory.max(self.used_issued_at.unwrap_or(self.created_at))
    }

    /// The session in memory, if it has a token there.
    pub(super) fn live_session(&self, live: &LiveSessions) -> Option<Arc<LiveSession>> {
        live.session_of(&TokenHash::read(self.newest.as_deref()?)?)
    }

    /// What was answered when the token was spent, as long as that is known.
    fn answer_of(&self, at: i64) -> Option<Again> {
        let ends =
            Ends { token: self.token_expires_at?, refresh_token: self.successor_expires_at? };
        Some(Again { nonce: Nonce::read(self.nonce.as_deref()?)?, at, ends })
    }

    /// When this rotation happens: later than the last one, also if the clock ran back meanwhile.
    /// So the instant names the rotation.
    pub(super) fn rotates_at(&self, now: DateTime<Utc>) -> i64 {
        let last = self.rotated_at.unwrap_or(self.created_at);
        now.timestamp_millis().max(last + 1)
    }

    /// When successors expire that would expire then if the session went on for ever.
    pub(super) fn ends(&self, token: DateTime<Utc>, refresh_token: DateTime<Utc>) -> Ends {
        let bounded = |instant: DateTime<Utc>| instant.timestamp_millis().min(self.ends_at);
        Ends { token: bounded(token), refresh_token: bounded(refresh_token) }
    }

    /// The id of the session.
    pub(super) fn id(&self) -> Result<Uuid, sqlx::Error> {
        Uuid::from_slice(&self.id).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

/// Whether this was a moment ago. The machine's clock may have been set back by a restart: what
/// seems to come is then as near as what has been.
fn within_window(now: DateTime<Utc>, instant: i64) -> bool {
    since(now, instant).abs() < REPLAY_WINDOW
}

fn since(now: DateTime<Utc>, instant: i64) -> TimeDelta {
    TimeDelta::milliseconds(now.timestamp_millis() - instant)
}

/// An instant as it stands in the tables.
pub(super) fn instant(millis: i64) -> Result<DateTime<Utc>, sqlx::Error> {
    let outside = || sqlx::Error::Decode("an instant outside of the calendar".into());
    DateTime::from_timestamp_millis(millis).ok_or_else(outside)
}

/// The refresh token of this hash, if it was ever issued and its session is there.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    hash: &TokenHash,
) -> Result<Option<TokenRow>, sqlx::Error> {
    let row = query_as(
        "SELECT refresh_tokens.expires_at, spent_at, nonce, token_expires_at,
                successor_expires_at, session, id, user, epoch, created_at, rotated_at,
                used_issued_at, ends_at, (SELECT hash FROM session_tokens
                    WHERE session = sessions.number
                    ORDER BY session_tokens.number DESC LIMIT 1) AS newest
         FROM refresh_tokens JOIN live_sessions AS sessions ON sessions.number = session
         WHERE refresh_tokens.hash = ?",
    );
    row.bind(hash.as_bytes()).fetch_optional(connection).await
}
