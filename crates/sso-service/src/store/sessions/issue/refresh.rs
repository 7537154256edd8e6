//! Renewing sessions by refresh tokens.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    refresh_token::find_refresh_token,
    tokens::{add_refresh_token, add_session_token, retire},
};
use crate::{
    sessions::{
        EndedSession, LiveSessions, PastAnswer, RefreshDecision, Refreshed, Renewal, Renewed,
        StoredRefreshToken, TokenEnds,
    },
    store::{
        errors::StoreError,
        handle::Store,
        sessions::vouched::{delete_with_vouched, end_in_memory, vouched_for_by},
        sql::{SqlConnection, instant, query},
        users::user_by_number,
    },
    tokens::TokenHash,
    users::User,
};

/// How many session tokens of a session are valid at a time: a client that renews early need not
/// give up at once the tokens that are still in use.
const LIVE_TOKENS: i64 = 3;

impl Store {
    /// Renews the session of a refresh token. A reused token ends the session, in force at once,
    /// also if the end cannot be written.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub(crate) async fn refresh_session(&self, renewal: Renewal) -> Result<Refreshed, StoreError> {
        let live = self.live.clone();
        let work =
            async move |connection: &mut SqlConnection| refresh(connection, &renewal, &live).await;
        let refreshed = self.database.write_addition(work).await;
        match &refreshed {
            Ok(Refreshed::Reused(ended)) => {
                self.confirm().await?;
                self.live.revoked.have_ended(&ended.numbers);
            }
            Ok(_) => {}
            // The token may have been found to be reused.
            Err(_) => self.record_pending().await,
        }
        refreshed
    }

    /// The session that the refresh token of this hash would renew now, if there is one. Nothing is
    /// changed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn session_renewed_by(
        &self,
        hash: &TokenHash,
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>, StoreError> {
        let found = find_in_live_session(&mut self.reader().await?, hash, &self.live).await?;
        let Some((token, _)) = found else {
            return Ok(None);
        };
        Ok(match token.judge(now, token.last_use(&self.live)) {
            RefreshDecision::Renew
            | RefreshDecision::Replace
            | RefreshDecision::Again(_)
            | RefreshDecision::TooSoon(_) => Some(token.id),
            RefreshDecision::Reused | RefreshDecision::Expired | RefreshDecision::FromTheFuture => {
                None
            }
        })
    }
}

async fn refresh(
    connection: &mut SqlConnection,
    renewal: &Renewal,
    live: &LiveSessions,
) -> Result<Refreshed, StoreError> {
    let Some((token, user)) = find_in_live_session(connection, &renewal.presented, live).await?
    else {
        return Ok(Refreshed::Invalid);
    };
    match token.judge(renewal.now, token.last_use(live)) {
        RefreshDecision::Renew => rotate(connection, &token, user, renewal).await,
        RefreshDecision::Replace => {
            remove_successors(connection, &token).await?;
            rotate(connection, &token, user, renewal).await
        }
        RefreshDecision::Again(answer) => renewed(&token, user, answer),
        RefreshDecision::Reused => {
            // In memory first: it is in force also if it cannot be written.
            live.revoked.begin_to_end(&[token.session]);
            if let Some(session) = token.live_session(live) {
                session.end();
            }
            let mut numbers = vouched_for_by(connection, &[token.session]).await?;
            end_in_memory(connection, live, &numbers).await?;
            numbers.push(token.session);
            delete_with_vouched(connection, token.session).await?;
            let ended = EndedSession { session_id: token.id, account: user.account, numbers };
            Ok(Refreshed::Reused(Box::new(ended)))
        }
        RefreshDecision::TooSoon(wait) => Ok(Refreshed::TooSoon(wait)),
        RefreshDecision::Expired | RefreshDecision::FromTheFuture => Ok(Refreshed::Invalid),
    }
}

/// A refresh token of a session that goes on, spent or not, and its user.
async fn find_in_live_session(
    connection: &mut SqlConnection,
    presented: &TokenHash,
    live: &LiveSessions,
) -> Result<Option<(StoredRefreshToken, User)>, StoreError> {
    let Some(token) = find_refresh_token(connection, presented).await? else {
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
    connection: &mut SqlConnection,
    token: &StoredRefreshToken,
    user: User,
    renewal: &Renewal,
) -> Result<Refreshed, StoreError> {
    let at = token.rotates_at(renewal.now);
    let ends = token.ends(renewal.token_expires_at, renewal.refresh_expires_at);
    write_rotation(connection, token.session, renewal, at, ends).await?;
    renewed(token, user, PastAnswer { nonce: renewal.nonce, at, ends })
}

fn renewed(
    token: &StoredRefreshToken,
    user: User,
    answer: PastAnswer,
) -> Result<Refreshed, StoreError> {
    Ok(Refreshed::Renewed(Box::new(Renewed {
        nonce: answer.nonce,
        user,
        session_id: token.id,
        issued_at: instant(answer.at)?,
        token_expires_at: instant(answer.ends.token)?,
        refresh_expires_at: instant(answer.ends.refresh_token)?,
    })))
}

async fn write_rotation(
    connection: &mut SqlConnection,
    session: i64,
    renewal: &Renewal,
    at: i64,
    ends: TokenEnds,
) -> Result<(), sqlx::Error> {
    query(
        "UPDATE refresh_tokens
         SET spent_at = $1, nonce = $2, token_expires_at = $3, successor_expires_at = $4
         WHERE hash = $5",
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
    query("UPDATE sessions SET rotated_at = $1, expires_at = $2 WHERE number = $3")
        .bind(at)
        .bind(ends.token.max(ends.refresh_token))
        .bind(session)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the successors of a token, none of which was used.
async fn remove_successors(
    connection: &mut SqlConnection,
    spent: &StoredRefreshToken,
) -> Result<(), sqlx::Error> {
    query("DELETE FROM refresh_tokens WHERE session = $1 AND spent_at IS NULL")
        .bind(spent.session)
        .execute(&mut *connection)
        .await?;
    query("DELETE FROM session_tokens WHERE session = $1 AND issued_at = $2")
        .bind(spent.session)
        .bind(spent.spent_at)
        .execute(connection)
        .await?;
    Ok(())
}

async fn drop_oldest_tokens(
    connection: &mut SqlConnection,
    session: i64,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let oldest = query(
        "SELECT number FROM session_tokens WHERE session = $1
         ORDER BY number DESC LIMIT 1000 OFFSET $2",
    );
    let oldest = oldest.bind(session).bind(LIVE_TOKENS).fetch_all(&mut *connection).await?;
    retire(connection, &oldest, now.timestamp_millis()).await
}
