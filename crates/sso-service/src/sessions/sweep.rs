//! Removing what is over, a little at a time.
//!
//! Validity never depends on it: every read looks at the expiry itself. It keeps memory and
//! database bounded. What is removed here is removed from memory by the follower.

use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{past_tokens::retire, refresh_token::REPLAY_WINDOW};
use crate::audit::{Event, Kind};

/// How many rows go at a time: log-ins wait for no longer than these take.
const SWEEP_STEP: i64 = 500;
/// A change is a small row at the beginning of its table.
const PRUNE_STEP: i64 = 10 * SWEEP_STEP;

/// How many sessions of a step are written down one by one: a million that end within a minute
/// leave some thousand lines.
const MOST_TOLD: usize = 50;

/// How long grants and keys are listed that are over.
const KEPT_WHEN_OVER: TimeDelta = TimeDelta::days(30);

/// A session whose time is over.
#[derive(Debug, FromRow)]
pub(super) struct Expired {
    number: i64,
    id: Vec<u8>,
    /// `None` if it had ended before.
    user_id: Option<String>,
    username: Option<String>,
}

/// Removes some of what is over, and gives the sessions among it. Tells whether to go on.
pub(super) async fn sweep(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    known_change: i64,
) -> Result<(Vec<Expired>, ControlFlow<()>), sqlx::Error> {
    let millis = now.timestamp_millis();
    // These are not in force any more, and stay for a while to be looked at.
    let looked_at = (now - KEPT_WHEN_OVER).timestamp_millis();
    let grants = "DELETE FROM grants WHERE id IN (
         SELECT id FROM grants WHERE expires_at <= ? LIMIT ?)";
    let keys = "DELETE FROM api_keys WHERE id IN (
         SELECT id FROM api_keys WHERE expires_at <= ? LIMIT ?)";
    let expired = sweep_sessions(connection, millis).await?;
    let mut removed = expired.len() as u64;
    for (sql, over_since) in [(grants, looked_at), (keys, looked_at)] {
        let done = query(sql).bind(over_since).bind(SWEEP_STEP).execute(&mut *connection).await?;
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

async fn sweep_sessions(
    connection: &mut SqliteConnection,
    millis: i64,
) -> Result<Vec<Expired>, sqlx::Error> {
    let expired = query_as(
        "SELECT sessions.number, sessions.id, users.id AS user_id, username
         FROM sessions
         LEFT JOIN live_sessions ON live_sessions.number = sessions.number
         LEFT JOIN users ON users.number = live_sessions.user
         WHERE sessions.expires_at <= ? LIMIT ?",
    );
    let expired = expired.bind(millis).bind(SWEEP_STEP);
    let expired: Vec<Expired> = expired.fetch_all(&mut *connection).await?;
    let numbers: Vec<_> = expired.iter().map(|session| session.number).collect();
    query("DELETE FROM sessions WHERE number IN (SELECT value FROM json_each(?))")
        .bind(serde_json::Value::from(numbers).to_string())
        .execute(connection)
        .await?;
    Ok(expired)
}

async fn sweep_tokens(connection: &mut SqliteConnection, millis: i64) -> Result<u64, sqlx::Error> {
    let expired = query_scalar("SELECT number FROM session_tokens WHERE expires_at <= ? LIMIT ?");
    let expired = expired.bind(millis).bind(SWEEP_STEP);
    let expired: Vec<i64> = expired.fetch_all(&mut *connection).await?;
    retire(connection, &expired, millis).await?;
    Ok(expired.len() as u64)
}

/// What is written down of these. Of many at once it is their number.
pub(super) fn events(expired: &[Expired], now: DateTime<Utc>) -> Vec<Event> {
    let event = Event::new(Kind::SessionExpired, now);
    let known = expired.iter().filter_map(Expired::ids);
    let events: Vec<_> =
        known.map(|(id, user, name)| event.clone().in_session(id).of(user, name)).collect();
    if events.len() > MOST_TOLD {
        return vec![event.times(events.len() as u64)];
    }
    events
}

impl Expired {
    /// Its own, and whose it was; `None` if it had ended before.
    fn ids(&self) -> Option<(Uuid, Uuid, &str)> {
        let user_id = self.user_id.as_deref()?.parse().ok()?;
        Some((Uuid::from_slice(&self.id).ok()?, user_id, self.username.as_deref()?))
    }
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

/// A user all of whose sessions before this epoch have ended.
#[derive(FromRow)]
struct Ended {
    user: i64,
    epoch: i64,
}

async fn sweep_ended(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let next = query_as("SELECT user, epoch FROM ended_sessions LIMIT 1");
    let Some(Ended { user, epoch }) = next.fetch_optional(&mut *connection).await? else {
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

/// From here on what followed a refresh token cannot be made again.
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

/// Changes up to this one are known to whom they concern.
async fn prune_changes(connection: &mut SqliteConnection, known: i64) -> Result<u64, sqlx::Error> {
    let prune =
        query("DELETE FROM changes WHERE seq <= ? AND seq < (SELECT min(seq) FROM changes) + ?");
    let some = prune.bind(known).bind(PRUNE_STEP);
    Ok(some.execute(connection).await?.rows_affected())
}
