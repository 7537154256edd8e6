//! Removing what is over, a little at a time.
//!
//! Validity never depends on it: every read checks the expiry itself. It keeps memory and database
//! bounded. The follower removes from memory what is removed here.

use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::issue::retire;
use crate::{
    sessions::{ExpiredSession, REPLAY_WINDOW, SessionOwner},
    store::{
        clients::sweep_clients,
        handle::Store,
        mail::sweep_mail,
        sql::{Dialects, FromSqlRow, SqlConnection, SqlRow, query, with_numbers},
        unavailable::Unavailable,
        upstream::sweep_upstream,
    },
};

/// How many rows are removed at a time: log-ins wait for no longer than these take.
const SWEEP_STEP: i64 = 500;
/// A change is a small row at the beginning of its table.
const PRUNE_STEP: i64 = 10 * SWEEP_STEP;

/// How long grants and keys are listed that are over.
const KEPT_WHEN_OVER: TimeDelta = TimeDelta::days(30);

impl Store {
    /// Removes some of what is over, and gives the sessions among it. Tells whether to go on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn sweep(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(Vec<ExpiredSession>, ControlFlow<()>), Unavailable> {
        let known = self.live.last_change();
        let step = async move |connection: &mut SqlConnection| {
            Ok::<_, Unavailable>(sweep(connection, now, known).await?)
        };
        self.database.write_addition(step).await
    }
}

async fn sweep(
    connection: &mut SqlConnection,
    now: DateTime<Utc>,
    known_change: i64,
) -> Result<(Vec<ExpiredSession>, ControlFlow<()>), sqlx::Error> {
    let millis = now.timestamp_millis();
    // These are not in force any more, and are listed for a while.
    let listed = (now - KEPT_WHEN_OVER).timestamp_millis();
    let grants = "DELETE FROM grants WHERE id IN (
         SELECT id FROM grants WHERE expires_at <= $1 LIMIT $2)";
    let keys = "DELETE FROM api_keys WHERE id IN (
         SELECT id FROM api_keys WHERE expires_at <= $1 LIMIT $2)";
    let expired = sweep_sessions(connection, millis).await?;
    let mut removed = expired.len() as u64;
    for sql in [grants, keys] {
        let done = query(sql).bind(listed).bind(SWEEP_STEP).execute(&mut *connection).await?;
        removed += done;
    }
    removed += sweep_clients(connection, millis, SWEEP_STEP).await?;
    removed += sweep_upstream(connection, millis, SWEEP_STEP).await?;
    removed += sweep_mail(connection, now, SWEEP_STEP).await?;
    removed += sweep_tokens(connection, millis).await?;
    removed += sweep_all_ended(connection).await?;
    removed += sweep_ended(connection).await?;
    removed += wipe_nonces(connection, now).await?;
    removed += sweep_instances(connection).await?;
    removed += prune_changes(connection, known_change).await?;
    let go_on = if removed == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    Ok((expired, go_on))
}

/// A session whose time is over.
struct ExpiredRow {
    number: i64,
    id: Vec<u8>,
    /// `None` if it had ended before.
    user_id: Option<String>,
    username: Option<String>,
}

async fn sweep_sessions(
    connection: &mut SqlConnection,
    millis: i64,
) -> Result<Vec<ExpiredSession>, sqlx::Error> {
    let expired = query(
        "SELECT sessions.number, sessions.id, users.id AS user_id, username
         FROM sessions
         LEFT JOIN live_sessions ON live_sessions.number = sessions.number
         LEFT JOIN users ON users.number = live_sessions.user_number
         WHERE sessions.expires_at <= $1 LIMIT $2",
    );
    let expired = expired.bind(millis).bind(SWEEP_STEP);
    let expired: Vec<ExpiredRow> = expired.fetch_all(&mut *connection).await?;
    let numbers: Vec<_> = expired.iter().map(|session| session.number).collect();
    query(with_numbers!("DELETE FROM sessions WHERE number IN "))
        .bind(serde_json::Value::from(numbers).to_string())
        .execute(connection)
        .await?;
    Ok(expired.into_iter().map(ExpiredSession::from).collect())
}

impl FromSqlRow for ExpiredRow {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.get("number")?,
            id: row.get("id")?,
            user_id: row.get("user_id")?,
            username: row.get("username")?,
        })
    }
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

async fn sweep_tokens(connection: &mut SqlConnection, millis: i64) -> Result<u64, sqlx::Error> {
    let expired = query("SELECT number FROM session_tokens WHERE expires_at <= $1 LIMIT $2");
    let expired = expired.bind(millis).bind(SWEEP_STEP);
    let expired: Vec<i64> = expired.fetch_all(&mut *connection).await?;
    retire(connection, &expired, millis).await?;
    Ok(expired.len() as u64)
}

/// Sessions that ended when all did.
async fn sweep_all_ended(connection: &mut SqlConnection) -> Result<u64, sqlx::Error> {
    let some = query(
        "DELETE FROM sessions WHERE number IN (
             SELECT number FROM sessions
             WHERE number <= (SELECT ended_through FROM session_count) LIMIT $1)",
    );
    some.bind(SWEEP_STEP).execute(connection).await
}

/// A user whose sessions before an epoch have all ended.
struct UserEpoch {
    user: i64,
    epoch: i64,
}

impl FromSqlRow for UserEpoch {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self { user: row.get("user_number")?, epoch: row.get("epoch")? })
    }
}

async fn sweep_ended(connection: &mut SqlConnection) -> Result<u64, sqlx::Error> {
    let next = query("SELECT user_number, epoch FROM ended_sessions LIMIT 1");
    let Some(UserEpoch { user, epoch }) = next.fetch_optional(&mut *connection).await? else {
        return Ok(0);
    };
    let some = "DELETE FROM sessions WHERE number IN (
         SELECT number FROM sessions WHERE user_number = $1 AND epoch < $2 LIMIT $3)";
    let some = query(some).bind(user).bind(epoch).bind(SWEEP_STEP);
    let removed = some.execute(&mut *connection).await?;
    if removed > 0 {
        return Ok(removed);
    }
    let none_left = query("DELETE FROM ended_sessions WHERE user_number = $1").bind(user);
    none_left.execute(connection).await
}

/// From then on the successors of a refresh token cannot be made again.
async fn wipe_nonces(
    connection: &mut SqlConnection,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let wipe = query(
        "UPDATE refresh_tokens SET nonce = NULL WHERE hash IN (
             SELECT hash FROM refresh_tokens WHERE nonce IS NOT NULL
                 AND (spent_at <= $1 OR spent_at >= $2) LIMIT $3)",
    );
    let [from, to] = [now - REPLAY_WINDOW, now + REPLAY_WINDOW].map(|end| end.timestamp_millis());
    wipe.bind(from).bind(to).bind(SWEEP_STEP).execute(connection).await
}

/// Removes changes up to this one, which is in force in memory, if every instance has confirmed a
/// later one. The last row always stays: the follower checks that it is the one it knows.
const PRUNE_CHANGES: Dialects = Dialects {
    sqlite: "DELETE FROM changes WHERE seq < $1 AND seq < (SELECT min(seq) FROM changes) + $2",
    postgres: "DELETE FROM changes WHERE seq < least(
                   $1, (SELECT max(seq) FROM changes),
                   (SELECT min(coalesce(applied, 0)) FROM instances WHERE NOT expired)
               ) AND seq < (SELECT min(seq) FROM changes) + $2",
};

async fn prune_changes(connection: &mut SqlConnection, known: i64) -> Result<u64, sqlx::Error> {
    query(PRUNE_CHANGES).bind(known).bind(PRUNE_STEP).execute(connection).await
}

/// Removes instances that have expired, or have not finished loading within ten minutes. One that
/// is still there registers anew.
const SWEEP_INSTANCES: &str = "DELETE FROM instances
    WHERE expired OR (applied IS NULL AND registered_at < now() - interval '10 minutes')";

async fn sweep_instances(connection: &mut SqlConnection) -> Result<u64, sqlx::Error> {
    match connection {
        SqlConnection::Sqlite(_) => Ok(0),
        _ => query(SWEEP_INSTANCES).execute(connection).await,
    }
}
