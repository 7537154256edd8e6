//! Removing what is over, a little at a time.
//!
//! Validity never depends on it: every read checks the expiry itself. It keeps memory and database
//! bounded. The follower removes from memory what is removed here.

use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::issue::retire;
use crate::{
    sessions::{ExpiredSession, REPLAY_WINDOW, SessionOwner},
    store::{sqlite::store::SqliteStore, unavailable::Unavailable},
};

/// How many rows are removed at a time: log-ins wait for no longer than these take.
const SWEEP_STEP: i64 = 500;
/// A change is a small row at the beginning of its table.
const PRUNE_STEP: i64 = 10 * SWEEP_STEP;

/// How long grants and keys are listed that are over.
const KEPT_WHEN_OVER: TimeDelta = TimeDelta::days(30);

impl SqliteStore {
    /// Removes some of what is over, and gives the sessions among it. Tells whether to go on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn sweep(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(Vec<ExpiredSession>, ControlFlow<()>), Unavailable> {
        let known = self.live.last_change();
        let step = async move |connection: &mut SqliteConnection| {
            Ok::<_, Unavailable>(sweep(connection, now, known).await?)
        };
        self.database.write(step).await
    }
}

async fn sweep(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    known_change: i64,
) -> Result<(Vec<ExpiredSession>, ControlFlow<()>), sqlx::Error> {
    let millis = now.timestamp_millis();
    // These are not in force any more, and are listed for a while.
    let listed = (now - KEPT_WHEN_OVER).timestamp_millis();
    let grants = "DELETE FROM grants WHERE id IN (
         SELECT id FROM grants WHERE expires_at <= ? LIMIT ?)";
    let keys = "DELETE FROM api_keys WHERE id IN (
         SELECT id FROM api_keys WHERE expires_at <= ? LIMIT ?)";
    let expired = sweep_sessions(connection, millis).await?;
    let mut removed = expired.len() as u64;
    for sql in [grants, keys] {
        let done = query(sql).bind(listed).bind(SWEEP_STEP).execute(&mut *connection).await?;
        removed += done.rows_affected();
    }
    removed += sweep_tokens(connection, millis).await?;
    removed += sweep_all_ended(connection).await?;
    removed += sweep_ended(connection).await?;
    removed += wipe_nonces(connection, now).await?;
    removed += prune_changes(connection, known_change).await?;
    let go_on = if removed == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    Ok((expired, go_on))
}

/// A session whose time is over.
#[derive(FromRow)]
struct ExpiredRow {
    number: i64,
    id: Vec<u8>,
    /// `None` if it had ended before.
    user_id: Option<String>,
    username: Option<String>,
}

async fn sweep_sessions(
    connection: &mut SqliteConnection,
    millis: i64,
) -> Result<Vec<ExpiredSession>, sqlx::Error> {
    let expired = query_as(
        "SELECT sessions.number, sessions.id, users.id AS user_id, username
         FROM sessions
         LEFT JOIN live_sessions ON live_sessions.number = sessions.number
         LEFT JOIN users ON users.number = live_sessions.user
         WHERE sessions.expires_at <= ? LIMIT ?",
    );
    let expired = expired.bind(millis).bind(SWEEP_STEP);
    let expired: Vec<ExpiredRow> = expired.fetch_all(&mut *connection).await?;
    let numbers: Vec<_> = expired.iter().map(|session| session.number).collect();
    query("DELETE FROM sessions WHERE number IN (SELECT value FROM json_each(?))")
        .bind(serde_json::Value::from(numbers).to_string())
        .execute(connection)
        .await?;
    Ok(expired.into_iter().map(ExpiredSession::from).collect())
}

impl From<ExpiredRow> for ExpiredSession {
    fn from(row: ExpiredRow) -> Self {
        let owner = || {
            Some(SessionOwner {
                session_id: Uuid::from_slice(&row.id).ok()?,
                user_id: row.user_id?.parse().ok()?,
                username: row.username?,
            })
        };
        Self { owner: owner() }
    }
}

async fn sweep_tokens(connection: &mut SqliteConnection, millis: i64) -> Result<u64, sqlx::Error> {
    let expired = query_scalar("SELECT number FROM session_tokens WHERE expires_at <= ? LIMIT ?");
    let expired = expired.bind(millis).bind(SWEEP_STEP);
    let expired: Vec<i64> = expired.fetch_all(&mut *connection).await?;
    retire(connection, &expired, millis).await?;
    Ok(expired.len() as u64)
}

/// Sessions that ended when all did.
async fn sweep_all_ended(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let some = query(
        "DELETE FROM sessions WHERE number IN (
             SELECT number FROM sessions
             WHERE number <= (SELECT ended_through FROM session_count) LIMIT ?)",
    );
    Ok(some.bind(SWEEP_STEP).execute(connection).await?.rows_affected())
}

/// A user whose sessions before an epoch have all ended.
#[derive(FromRow)]
struct UserEpoch {
    user: i64,
    epoch: i64,
}

async fn sweep_ended(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let next = query_as("SELECT user, epoch FROM ended_sessions LIMIT 1");
    let Some(UserEpoch { user, epoch }) = next.fetch_optional(&mut *connection).await? else {
        return Ok(0);
    };
    let some = "DELETE FROM sessions WHERE number IN (
         SELECT number FROM sessions WHERE user = ? AND epoch < ? LIMIT ?)";
    let some = query(some).bind(user).bind(epoch).bind(SWEEP_STEP);
    let removed = some.execute(&mut *connection).await?.rows_affected();
    if removed > 0 {
        return Ok(removed);
    }
    let none_left = query("DELETE FROM ended_sessions WHERE user = ?").bind(user);
    Ok(none_left.execute(connection).await?.rows_affected())
}

/// From then on the successors of a refresh token cannot be made again.
async fn wipe_nonces(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let wipe = query(
        "UPDATE refresh_tokens SET nonce = NULL WHERE hash IN (
             SELECT hash FROM refresh_tokens WHERE nonce IS NOT NULL
                 AND (spent_at <= ? OR spent_at >= ?) LIMIT ?)",
    );
    let [from, to] = [now - REPLAY_WINDOW, now + REPLAY_WINDOW].map(|end| end.timestamp_millis());
    Ok(wipe.bind(from).bind(to).bind(SWEEP_STEP).execute(connection).await?.rows_affected())
}

/// Removes changes up to this one, which is in force in memory.
async fn prune_changes(connection: &mut SqliteConnection, known: i64) -> Result<u64, sqlx::Error> {
    let prune =
        query("DELETE FROM changes WHERE seq <= ? AND seq < (SELECT min(seq) FROM changes) + ?");
    let some = prune.bind(known).bind(PRUNE_STEP);
    Ok(some.execute(connection).await?.rows_affected())
}
