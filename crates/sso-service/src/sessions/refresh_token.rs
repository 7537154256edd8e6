//! A refresh token as the store knows it, and the decision about a client that shows it.

#[cfg(test)]
mod refresh_token_tests;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{live::LiveSessions, live_session::LiveSession};
use crate::tokens::{MAX_AHEAD, Nonce, TokenHash};

/// How long a spent refresh token gets the same answer again, and how long a session that was
/// renewed is not renewed again.
pub(crate) const REPLAY_WINDOW: TimeDelta = TimeDelta::seconds(10);

/// A refresh token and its session, as they are stored. Instants are in milliseconds since 1970.
#[derive(Debug)]
pub(crate) struct StoredRefreshToken {
    pub(crate) expires_at: i64,
    /// When it was spent, if it was.
    pub(crate) spent_at: Option<i64>,
    /// What its successors were made with, while they can be made again.
    pub(crate) nonce: Option<Nonce>,
    pub(crate) token_expires_at: Option<i64>,
    pub(crate) successor_expires_at: Option<i64>,
    /// The number of the session.
    pub(crate) session: i64,
    /// The id of the session.
    pub(crate) id: Uuid,
    /// The number of the user.
    pub(crate) user: i64,
    /// The session's epoch.
    pub(crate) epoch: i64,
    pub(crate) created_at: i64,
    /// When the session was last renewed.
    pub(crate) rotated_at: Option<i64>,
    /// When the newest of the session's tokens that was used had been issued.
    pub(crate) used_issued_at: Option<i64>,
    /// No token of the session outlives this.
    pub(crate) ends_at: i64,
    /// The hash of the session's newest token.
    pub(crate) newest: Option<TokenHash>,
}

/// When the new tokens expire, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TokenEnds {
    pub(crate) token: i64,
    pub(crate) refresh_token: i64,
}

/// An answer that was given before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PastAnswer {
    pub(crate) nonce: Nonce,
    pub(crate) at: i64,
    pub(crate) ends: TokenEnds,
}

/// The decision about a refresh token that is shown.
#[derive(Debug, PartialEq)]
pub(crate) enum RefreshDecision {
    /// The session is renewed.
    Renew,
    /// As [`RefreshDecision::Renew`], in the place of the successors issued before.
    Replace,
    /// The same answer is given again.
    Again(PastAnswer),
    /// Two clients have the token: the session ends.
    Reused,
    /// The session was renewed a moment ago, by another token.
    TooSoon(TimeDelta),
    /// The token is over.
    Expired,
    /// The session was begun or renewed while the clock was wrong.
    FromTheFuture,
}

impl StoredRefreshToken {
    /// Decides what the token is good for at this instant. `last_use`: when the newest of the
    /// session's tokens that was used had been issued.
    pub(crate) fn judge(&self, now: DateTime<Utc>, last_use: i64) -> RefreshDecision {
        let latest = self.rotated_at.unwrap_or(self.created_at);
        if latest > (now + MAX_AHEAD).timestamp_millis() {
            return RefreshDecision::FromTheFuture;
        }
        if let Some(spent_at) = self.spent_at {
            if let Some(again) = self.answer_of(spent_at).filter(|_| within_window(now, spent_at)) {
                return RefreshDecision::Again(again);
            }
            // After a later rotation than this one the successors are those of a successor.
            let unused = self.rotated_at == Some(spent_at) && last_use < spent_at;
            if !unused {
                return RefreshDecision::Reused;
            }
        }
        if self.expires_at <= now.timestamp_millis() {
            return RefreshDecision::Expired;
        }
        match self.rotated_at {
            Some(rotated_at) if within_window(now, rotated_at) => {
                RefreshDecision::TooSoon(REPLAY_WINDOW - since(now, rotated_at).abs())
            }
            _ if self.spent_at.is_some() => RefreshDecision::Replace,
            _ => RefreshDecision::Renew,
        }
    }

    /// When the newest token that was used had been issued. The instant in memory is newer than the
    /// written one.
    pub(crate) fn last_use(&self, live: &LiveSessions) -> i64 {
        let in_memory =
            self.live_session(live).map_or(self.created_at, |session| session.used_issued_at());
        in_memory.max(self.used_issued_at.unwrap_or(self.created_at))
    }

    /// The session in memory, if it has a token there.
    pub(crate) fn live_session(&self, live: &LiveSessions) -> Option<Arc<LiveSession>> {
        live.session(self.session, &self.newest?)
    }

    /// The answer that was given when the token was spent, as long as it is known.
    fn answer_of(&self, at: i64) -> Option<PastAnswer> {
        let ends =
            TokenEnds { token: self.token_expires_at?, refresh_token: self.successor_expires_at? };
        Some(PastAnswer { nonce: self.nonce?, at, ends })
    }

    /// The instant of this rotation: later than the last one, also if the clock ran back meanwhile.
    /// So the instant identifies the rotation.
    pub(crate) fn rotates_at(&self, now: DateTime<Utc>) -> i64 {
        let last = self.rotated_at.unwrap_or(self.created_at);
        now.timestamp_millis().max(last + 1)
    }

    /// When successors expire that would expire then if the session went on for ever.
    pub(crate) fn ends(&self, token: DateTime<Utc>, refresh_token: DateTime<Utc>) -> TokenEnds {
        let bounded = |instant: DateTime<Utc>| instant.timestamp_millis().min(self.ends_at);
        TokenEnds { token: bounded(token), refresh_token: bounded(refresh_token) }
    }
}

/// Whether this was a moment ago. The machine's clock may have been set back by a restart: an
/// instant that seems to come is then as near as one in the past.
fn within_window(now: DateTime<Utc>, instant: i64) -> bool {
    since(now, instant).abs() < REPLAY_WINDOW
}

fn since(now: DateTime<Utc>, instant: i64) -> TimeDelta {
    TimeDelta::milliseconds(now.timestamp_millis() - instant)
}
