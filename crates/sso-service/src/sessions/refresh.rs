//! Renewing a session: a refresh token is spent for a new session token and the next refresh token.
//!
//! The answer can get lost on its way, and a client can ask twice at a time. So for a while the
//! same token gets the same answer. Later a spent token shows that there are two who hold it, one
//! of whom has stolen it, and the session ends.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, SqliteConnection, query, query_as};
use uuid::Uuid;

use super::begin::{add_refresh_token, add_session_token};
use crate::{
    tokens::{Nonce, TokenHash},
    users::{Account, StoreError, User, user_by_number},
};

/// How long a spent refresh token gets the same answer again, and how long a session that was
/// renewed is not renewed again.
pub(super) const REPLAY_WINDOW: TimeDelta = TimeDelta::seconds(10);
/// How many session tokens of a session are valid at a time: who renews early need not throw away
/// at once what is still in use.
const LIVE_TOKENS: i64 = 3;

/// What a session is to be renewed with, if this is the first time.
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
    /// When that is.
    pub(crate) now: DateTime<Utc>,
    /// When the next session token would expire, if the session went on for ever.
    pub(crate) token_expires_at: DateTime<Utc>,
    /// When the next refresh token would expire, if the session went on for ever.
    pub(crate) refresh_expires_at: DateTime<Utc>,
}

/// What became of it. Everything but [`Refreshed::Renewed`] is a refusal.
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// Here is what follows the token; perhaps again.
    Renewed(Box<Renewed>),
    /// The token was spent long ago. The session has ended now.
    Reused(Box<Ended>),
    /// The session was renewed a moment ago, by another token. This can be tried again then.
    TooSoon(TimeDelta),
    /// The token was never issued, or it or its session is over. Nothing has changed.
    Invalid,
}

/// A session that ended because its refresh token was shown again, and whose it was.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) session_id: Uuid,
    pub(crate) account: Account,
}

/// What follows a refresh token.
#[derive(Debug)]
pub(crate) struct Renewed {
    /// What the new tokens are made with.
    pub(crate) nonce: Nonce,
    /// Whose session it is.
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

/// Renews the session of a refresh token.
pub(super) async fn refresh(
    connection: &mut SqliteConnection,
    renewal: &Renewal,
) -> Result<Refreshed, StoreError> {
    let Some(token) = find(connection, &renewal.presented).await? else {
        return Ok(Refreshed::Invalid);
    };
    let Some(user) = user_by_number(connection, token.user).await? else {
        return Ok(Refreshed::Invalid);
    };
    if user.disabled || user.epoch != token.epoch {
        return Ok(Refreshed::Invalid);
    }
    match token.judge(renewal.now) {
        Verdict::Renew => {
            let next = token.ends(renewal);
            renew(connection, &token, renewal, next).await?;
            token.renewed(user, renewal.nonce, renewal.now.timestamp_millis(), next)
        }
        Verdict::Again(again) => token.renewed(user, again.nonce, again.at, again.ends),
        Verdict::Reused => {
            end(connection, token.session).await?;
            let ended = Ended { session_id: token.id()?, account: user.account };
            Ok(Refreshed::Reused(Box::new(ended)))
        }
        Verdict::TooSoon(wait) => Ok(Refreshed::TooSoon(wait)),
        Verdict::Expired => Ok(Refreshed::Invalid),
    }
}

/// A refresh token and its session as they stand in the tables.
#[derive(Debug, FromRow)]
struct TokenRow {
    expires_at: i64,
    spent_at: Option<i64>,
    nonce: Option<Vec<u8>>,
    token_expires_at: Option<i64>,
    successor_expires_at: Option<i64>,
    session: i64,
    id: Vec<u8>,
    user: i64,
    epoch: i64,
    rotated_at: Option<i64>,
    ends_at: i64,
}

/// When the new tokens expire.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ends {
    token: i64,
    refresh_token: i64,
}

/// What was answered before.
#[derive(Debug, PartialEq)]
struct Again {
    nonce: Nonce,
    at: i64,
    ends: Ends,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Renew,
    Again(Again),
    Reused,
    TooSoon(TimeDelta),
    Expired,
}

impl TokenRow {
    fn judge(&self, now: DateTime<Utc>) -> Verdict {
        if let Some(spent_at) = self.spent_at {
            return match self.answer_of(spent_at) {
                Some(again) if within_window(now, spent_at) => Verdict::Again(again),
                _ => Verdict::Reused,
            };
        }
        if self.expires_at <= now.timestamp_millis() {
            return Verdict::Expired;
        }
        match self.rotated_at {
            Some(rotated_at) if within_window(now, rotated_at) => {
                Verdict::TooSoon(REPLAY_WINDOW - since(now, rotated_at).abs())
            }
            _ => Verdict::Renew,
        }
    }

    /// What was answered when the token was spent, as long as that is known.
    fn answer_of(&self, at: i64) -> Option<Again> {
        let ends =
            Ends { token: self.token_expires_at?, refresh_token: self.successor_expires_at? };
        Some(Again { nonce: Nonce::read(self.nonce.as_deref()?)?, at, ends })
    }

    /// Nothing outlives the session.
    fn ends(&self, renewal: &Renewal) -> Ends {
        let bounded = |instant: DateTime<Utc>| instant.timestamp_millis().min(self.ends_at);
        Ends {
            token: bounded(renewal.token_expires_at),
            refresh_token: bounded(renewal.refresh_expires_at),
        }
    }

    fn renewed(
        &self,
        user: User,
        nonce: Nonce,
        issued_at: i64,
        ends: Ends,
    ) -> Result<Refreshed, StoreError> {
        Ok(Refreshed::Renewed(Box::new(Renewed {
            nonce,
            user,
            session_id: self.id()?,
            issued_at: instant(issued_at)?,
            token_expires_at: instant(ends.token)?,
            refresh_expires_at: instant(ends.refresh_token)?,
        })))
    }

    fn id(&self) -> Result<Uuid, sqlx::Error> {
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

fn instant(millis: i64) -> Result<DateTime<Utc>, sqlx::Error> {
    let outside = || sqlx::Error::Decode("an instant outside of the calendar".into());
    DateTime::from_timestamp_millis(millis).ok_or_else(outside)
}

async fn find(
    connection: &mut SqliteConnection,
    hash: &TokenHash,
) -> Result<Option<TokenRow>, sqlx::Error> {
    let row = query_as(
        "SELECT refresh_tokens.expires_at, spent_at, nonce, token_expires_at,
                successor_expires_at, session, id, user, epoch, rotated_at, ends_at
         FROM refresh_tokens JOIN sessions ON sessions.number = session
         WHERE hash = ?",
    );
    row.bind(hash.as_bytes()).fetch_optional(connection).await
}

async fn renew(
    connection: &mut SqliteConnection,
    spent: &TokenRow,
    renewal: &Renewal,
    ends: Ends,
) -> Result<(), sqlx::Error> {
    let session = spent.session;
    let now = renewal.now;
    query(
        "UPDATE refresh_tokens
         SET spent_at = ?, nonce = ?, token_expires_at = ?, successor_expires_at = ?
         WHERE hash = ?",
    )
    .bind(now.timestamp_millis())
    .bind(renewal.nonce.as_bytes())
    .bind(ends.token)
    .bind(ends.refresh_token)
    .bind(renewal.presented.as_bytes())
    .execute(&mut *connection)
    .await?;
    let [token_end, refresh_end] = [instant(ends.token)?, instant(ends.refresh_token)?];
    add_refresh_token(connection, session, &renewal.refresh_token, refresh_end).await?;
    add_session_token(connection, session, &renewal.token, now, token_end).await?;
    drop_oldest_tokens(connection, session).await?;
    query("UPDATE sessions SET rotated_at = ?, expires_at = ? WHERE number = ?")
        .bind(now.timestamp_millis())
        .bind(ends.token.max(ends.refresh_token))
        .bind(session)
        .execute(connection)
        .await?;
    Ok(())
}

async fn drop_oldest_tokens(
    connection: &mut SqliteConnection,
    session: i64,
) -> Result<(), sqlx::Error> {
    query(
        "DELETE FROM session_tokens WHERE number IN (
             SELECT number FROM session_tokens WHERE session = ?
             ORDER BY number DESC LIMIT -1 OFFSET ?)",
    )
    .bind(session)
    .bind(LIVE_TOKENS)
    .execute(connection)
    .await?;
    Ok(())
}

async fn end(connection: &mut SqliteConnection, session: i64) -> Result<(), sqlx::Error> {
    query("DELETE FROM sessions WHERE number = ?").bind(session).execute(connection).await?;
    Ok(())
}
