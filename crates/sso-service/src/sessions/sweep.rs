//! Removing what is over, a little at a time.
//!
//! Validity never depends on it: every read looks at the expiry itself. It keeps memory and
//! database bounded. What is removed here is removed from memory by the follower.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, SqliteConnection, query, query_as};

use super::refresh::REPLAY_WINDOW;

/// How many rows go at a time: log-ins wait for no longer than these take.
const SWEEP_STEP: i64 = 500;
/// A change is a small row at the beginning of its table.
const PRUNE_STEP: i64 = 10 * SWEEP_STEP;

/// Removes some of what is over, and tells whether to go on.
pub(super) async fn sweep(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    known_change: i64,
) -> Result<ControlFlow<()>, sqlx::Error> {
    let millis = now.timestamp_millis();
    let expired_tokens = "DELETE FROM session_tokens WHERE number IN (
         SELECT number FROM session_tokens WHERE expires_at <= ? LIMIT ?)";
    let expired_sessions = "DELETE FROM sessions WHERE number IN (
         SELECT number FROM sessions WHERE expires_at <= ? LIMIT ?)";
    let mut removed = 0;
    for sql in [expired_tokens, expired_sessions] {
        let done = query(sql).bind(millis).bind(SWEEP_STEP).execute(&mut *connection).await?;
        removed += done.rows_affected();
    }
    removed += sweep_ended(connection).await?;
    removed += wipe_nonces(connection, now).await?;
    removed += prune_changes(connection, known_change).await?;
    Ok(if removed == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
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
