//! Renewing a session: a refresh token is spent for a new session token and the next refresh token.
//!
//! An answer can get lost, and a client can ask twice at a time. So for [`REPLAY_WINDOW`](super::refresh_token::REPLAY_WINDOW) the same
//! token gets the same answer. A spent token that is shown later ends the session if one of its
//! successors was used: two callers hold it then, and one of them has stolen it. If none was used,
//! the answer was lost; the token gets new successors, and the unused ones are void.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{SqliteConnection, query, query_scalar};
use uuid::Uuid;

use super::{
    begin::{add_refresh_token, add_session_token},
    live::LiveSessions,
    past_tokens::retire,
    refresh_token::{Again, Ends, TokenRow, Verdict, find, instant},
};
use crate::{
    tokens::{Nonce, TokenHash},
    users::{Account, StoreError, User, user_by_number},
};

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
    pub(super) number: i64,
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
    let Some((token, user)) = find_in_live_session(connection, &renewal.presented, live).await?
    else {
        return Ok(Refreshed::Invalid);
    };
    match token.judge(renewal.now, token.last_use(live)) {
        Verdict::Renew => rotate(connection, &token, user, renewal).await,
        Verdict::Replace => {
            void_newest(connection, &token).await?;
            rotate(connection, &token, user, renewal).await
        }
        Verdict::Again(answer) => renewed(&token, user, answer),
        Verdict::Reused => {
            // In memory first: it is in force also if it cannot be written.
            live.revoked.begin_to_end(&[token.session]);
            if let Some(session) = token.live_session(live) {
                session.end();
            }
            end(connection, token.session).await?;
            let ended =
                Ended { session_id: token.id()?, account: user.account, number: token.session };
            Ok(Refreshed::Reused(Box::new(ended)))
        }
        Verdict::TooSoon(wait) => Ok(Refreshed::TooSoon(wait)),
        Verdict::Expired | Verdict::FromTheFuture => Ok(Refreshed::Invalid),
    }
}

/// The session that a refresh token would renew at this instant, if there is one. Nothing is
/// changed.
pub(super) async fn session_renewed_by(
    connection: &mut SqliteConnection,
    presented: &TokenHash,
    now: DateTime<Utc>,
    live: &LiveSessions,
) -> Result<Option<Uuid>, StoreError> {
    let Some((token, _)) = find_in_live_session(connection, presented, live).await? else {
        return Ok(None);
    };
    match token.judge(now, token.last_use(live)) {
        Verdict::Renew | Verdict::Replace | Verdict::Again(_) | Verdict::TooSoon(_) => {
            Ok(Some(token.id()?))
        }
        Verdict::Reused | Verdict::Expired | Verdict::FromTheFuture => Ok(None),
    }
}

/// A refresh token of a session that goes on, spent or not, and its user.
async fn find_in_live_session(
    connection: &mut SqliteConnection,
    presented: &TokenHash,
    live: &LiveSessions,
) -> Result<Option<(TokenRow, User)>, StoreError> {
    let Some(token) = find(connection, presented).await? else {
        return Ok(None);
    };
    if live.revoked.has_ended(token.session, token.user, token.epoch) {
        return Ok(None);
    }
    let user = user_by_number(connection, token.user).await?;
    let user = user.filter(|user| !user.disabled && user.epoch == token.epoch);
    Ok(user.map(|user| (token, user)))
}

/// Spends a token for its successors.
async fn rotate(
    connection: &mut SqliteConnection,
    token: &TokenRow,
    user: User,
    renewal: &Renewal,
) -> Result<Refreshed, StoreError> {
    let at = token.rotates_at(renewal.now);
    let ends = token.ends(renewal.token_expires_at, renewal.refresh_expires_at);
    write_rotation(connection, token.session, renewal, at, ends).await?;
    renewed(token, user, Again { nonce: renewal.nonce, at, ends })
}

fn renewed(token: &TokenRow, user: User, answer: Again) -> Result<Refreshed, StoreError> {
    Ok(Refreshed::Renewed(Box::new(Renewed {
        nonce: answer.nonce,
        user,
        session_id: token.id()?,
        issued_at: instant(answer.at)?,
        token_expires_at: instant(answer.ends.token)?,
        refresh_expires_at: instant(answer.ends.refresh_token)?,
    })))
}

async fn write_rotation(
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
