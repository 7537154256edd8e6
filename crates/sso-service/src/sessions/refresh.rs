//! Renewing a session: a refresh token is spent for a new session token and the next refresh token.
//!
//! An answer can get lost, and a client can ask twice at a time. So for [`REPLAY_WINDOW`] the same
//! token gets the same answer. A spent token that is shown later ends the session if one of its
//! successors was used: two callers hold it then, and one of them has stolen it. If none was used,
//! the answer was lost; the token gets new successors, and the unused ones are void.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    begin::{add_refresh_token, add_session_token},
    live::LiveSessions,
    past_tokens::retire,
};
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
    /// The token was spent long ago, and its successors were used. The session has ended now.
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
    live: &LiveSessions,
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
    match token.judge(renewal.now, token.last_use(live)) {
        Verdict::Renew => token.renew(connection, user, renewal).await,
        Verdict::Replace => {
            void_newest(connection, &token).await?;
            token.renew(connection, user, renewal).await
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
    created_at: i64,
    rotated_at: Option<i64>,
    used_issued_at: Option<i64>,
    ends_at: i64,
    /// The hash of the session's newest token.
    newest: Option<Vec<u8>>,
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
    /// As [`Verdict::Renew`], in the place of what was issued before.
    Replace,
    Again(Again),
    Reused,
    TooSoon(TimeDelta),
    Expired,
}

impl TokenRow {
    /// `last_use`: when the newest of the session's tokens that was used had been issued.
    fn judge(&self, now: DateTime<Utc>, last_use: i64) -> Verdict {
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
    fn last_use(&self, live: &LiveSessions) -> i64 {
        let newest = self.newest.as_deref().and_then(TokenHash::read);
        let session = newest.and_then(|newest| live.session_of(&newest));
        let in_memory = session.map_or(self.created_at, |session| session.used_issued_at());
        in_memory.max(self.used_issued_at.unwrap_or(self.created_at))
    }

    /// What was answered when the token was spent, as long as that is known.
    fn answer_of(&self, at: i64) -> Option<Again> {
        let ends =
            Ends { token: self.token_expires_at?, refresh_token: self.successor_expires_at? };
        Some(Again { nonce: Nonce::read(self.nonce.as_deref()?)?, at, ends })
    }

    /// When this rotation happens: later than the last one, also if the clock ran back meanwhile.
    /// So the instant names the rotation.
    fn rotates_at(&self, now: DateTime<Utc>) -> i64 {
        let last = self.rotated_at.unwrap_or(self.created_at);
        now.timestamp_millis().max(last + 1)
    }

    /// Nothing outlives the session.
    fn ends(&self, renewal: &Renewal) -> Ends {
        let bounded = |instant: DateTime<Utc>| instant.timestamp_millis().min(self.ends_at);
        Ends {
            token: bounded(renewal.token_expires_at),
            refresh_token: bounded(renewal.refresh_expires_at),
        }
    }

    async fn renew(
        &self,
        connection: &mut SqliteConnection,
        user: User,
        renewal: &Renewal,
    ) -> Result<Refreshed, StoreError> {
        let (at, next) = (self.rotates_at(renewal.now), self.ends(renewal));
        renew(connection, self.session, renewal, at, next).await?;
        self.renewed(user, renewal.nonce, at, next)
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
                successor_expires_at, session, id, user, epoch, created_at, rotated_at,
                used_issued_at, ends_at, (SELECT hash FROM session_tokens
                    WHERE session = sessions.number
                    ORDER BY session_tokens.number DESC LIMIT 1) AS newest
         FROM refresh_tokens JOIN sessions ON sessions.number = session
         WHERE refresh_tokens.hash = ?",
    );
    row.bind(hash.as_bytes()).fetch_optional(connection).await
}

async fn renew(
    connection: &mut SqliteConnection,
    session: i64,
    renewal: &Renewal,
    at: i64,
    ends: Ends,
) -> Result<(), sqlx::Error> {
    query(
        "UPDATE refresh_tokens
         SET spent_at = ?, nonce = ?, token_expires_at = ?, successor_expires_at = ?
         WHERE hash = ?",
    )
    .bind(at)
    .bind(renewal.nonce.as_bytes())
    .bind(ends.token)
    .bind(ends.refresh_token)
    .bind(renewal.presented.as_bytes())
    .execute(&mut *connection)
    .await?;
    let [issued, token_end, refresh_end] =
        [instant(at)?, instant(ends.token)?, instant(ends.refresh_token)?];
    add_refresh_token(connection, session, &renewal.refresh_token, refresh_end).await?;
    add_session_token(connection, session, &renewal.token, issued, token_end).await?;
    drop_oldest_tokens(connection, session, renewal.now).await?;
    query("UPDATE sessions SET rotated_at = ?, expires_at = ? WHERE number = ?")
        .bind(at)
        .bind(ends.token.max(ends.refresh_token))
        .bind(session)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the successors of a token, none of which was used.
async fn void_newest(
    connection: &mut SqliteConnection,
    spent: &TokenRow,
) -> Result<(), sqlx::Error> {
    query("DELETE FROM refresh_tokens WHERE session = ? AND spent_at IS NULL")
        .bind(spent.session)
        .execute(&mut *connection)
        .await?;
    query("DELETE FROM session_tokens WHERE session = ? AND issued_at = ?")
        .bind(spent.session)
        .bind(spent.spent_at)
        .execute(connection)
        .await?;
    Ok(())
}

async fn drop_oldest_tokens(
    connection: &mut SqliteConnection,
    session: i64,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let oldest = query_scalar(
        "SELECT number FROM session_tokens WHERE session = ?
         ORDER BY number DESC LIMIT -1 OFFSET ?",
    );
    let oldest = oldest.bind(session).bind(LIVE_TOKENS).fetch_all(&mut *connection).await?;
    retire(connection, &oldest, now.timestamp_millis()).await
}

async fn end(connection: &mut SqliteConnection, session: i64) -> Result<(), sqlx::Error> {
    query("DELETE FROM sessions WHERE number = ?").bind(session).execute(connection).await?;
    Ok(())
}
