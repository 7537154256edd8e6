//! The database as instances share it: the table of instances, and how to ask for its state.

use std::time::Duration;

use super::{
    connect::connect,
    server::PostgresServer,
    single::{execute, fetch_all, fetch_one},
    writer::BEGIN_WRITING,
};
use crate::store::{
    database::follow::Position,
    sql::{FromSqlRow, SqlConnection, SqlRow, query, run_script},
    users::end_all_sessions,
};

/// A database that instances share, as the follower and the confirmer use it. In simulations a model
/// stands in for the server.
pub(super) trait SharedDatabase {
    /// A connection to it.
    type Connection;

    /// A new connection.
    async fn connect(&self) -> Result<Self::Connection, sqlx::Error>;

    /// Adds an instance that is about to load: from here on no change is pruned that it may need.
    async fn register(
        connection: &mut Self::Connection,
        id: &str,
        stale_max: Duration,
    ) -> Result<(), sqlx::Error>;

    /// Writes how far an instance has applied the changes. `false` when it has expired: it must
    /// register anew.
    async fn confirm(
        connection: &mut Self::Connection,
        id: &str,
        applied: i64,
    ) -> Result<bool, sqlx::Error>;

    /// The state, as an instance with this position sees it.
    async fn state(
        connection: &mut Self::Connection,
        position: &Position,
        id: &str,
    ) -> Result<ServerState, sqlx::Error>;

    /// The instances that may answer from memory. One that loads does not yet.
    async fn unexpired(connection: &mut Self::Connection) -> Result<Vec<InstanceRow>, sqlx::Error>;

    /// Marks an instance that was waited out, unless it has confirmed this change meanwhile.
    async fn expire(
        connection: &mut Self::Connection,
        id: &str,
        change: i64,
    ) -> Result<(), sqlx::Error>;

    /// Removes an instance that has stopped answering.
    async fn remove(connection: &mut Self::Connection, id: &str) -> Result<(), sqlx::Error>;

    /// Ends the sessions of all users, as a writer does.
    async fn end_all_sessions(connection: &mut Self::Connection) -> Result<(), sqlx::Error>;
}

/// Another instance, or this one, as its row shows it.
#[derive(Debug, Clone)]
pub(super) struct InstanceRow {
    pub(super) id: String,
    /// The last change that is in force in its memory.
    pub(super) applied: i64,
    /// How long it may answer without a look.
    pub(super) stale_max: Duration,
}

impl FromSqlRow for InstanceRow {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let stale_max: i64 = row.get("stale_max")?;
        Ok(Self {
            id: row.get("id")?,
            applied: row.get("applied")?,
            stale_max: Duration::from_millis(u64::try_from(stale_max).unwrap_or(u64::MAX)),
        })
    }
}

/// The database as an instance finds it at the beginning of a look.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerState {
    /// Whether the last change in memory is in the history of the database.
    pub(super) same_history: bool,
    /// Whether the instance is in the table and has not expired.
    pub(super) registered: bool,
    /// The first change that was not pruned.
    pub(super) first_change: i64,
    /// The last change there is.
    pub(super) last_change: i64,
    /// How many sessions there are.
    pub(super) sessions: i64,
    /// In milliseconds since 1970.
    pub(super) now: i64,
}

impl FromSqlRow for ServerState {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            same_history: row.get("same_history")?,
            registered: row.get("registered")?,
            first_change: row.get("first_change")?,
            last_change: row.get("last_change")?,
            sessions: row.get("sessions")?,
            now: row.get("now")?,
        })
    }
}

impl SharedDatabase for PostgresServer {
    type Connection = SqlConnection;

    async fn connect(&self) -> Result<SqlConnection, sqlx::Error> {
        connect(self).await
    }

    async fn register(
        connection: &mut SqlConnection,
        id: &str,
        stale_max: Duration,
    ) -> Result<(), sqlx::Error> {
        let millis = i64::try_from(stale_max.as_millis()).unwrap_or(i64::MAX);
        let register = query("INSERT INTO instances (id, stale_max) VALUES ($1, $2)");
        execute(register.bind(id).bind(millis), connection).await.map(|_| ())
    }

    async fn confirm(
        connection: &mut SqlConnection,
        id: &str,
        applied: i64,
    ) -> Result<bool, sqlx::Error> {
        let confirm = query("UPDATE instances SET applied = $2 WHERE id = $1 AND NOT expired");
        Ok(execute(confirm.bind(id).bind(applied), connection).await? == 1)
    }

    async fn state(
        connection: &mut SqlConnection,
        position: &Position,
        id: &str,
    ) -> Result<ServerState, sqlx::Error> {
        let state = query(STATE).bind(position.change).bind(&position.tag).bind(id);
        fetch_one(state, connection).await
    }

    async fn unexpired(connection: &mut SqlConnection) -> Result<Vec<InstanceRow>, sqlx::Error> {
        let unexpired = query(
            "SELECT id, applied, stale_max FROM instances
             WHERE NOT expired AND applied IS NOT NULL",
        );
        fetch_all(unexpired, connection).await
    }

    async fn expire(
        connection: &mut SqlConnection,
        id: &str,
        change: i64,
    ) -> Result<(), sqlx::Error> {
        let expire = query("UPDATE instances SET expired = TRUE WHERE id = $1 AND applied < $2");
        execute(expire.bind(id).bind(change), connection).await.map(|_| ())
    }

    async fn remove(connection: &mut SqlConnection, id: &str) -> Result<(), sqlx::Error> {
        let remove = query("DELETE FROM instances WHERE id = $1");
        execute(remove.bind(id), connection).await.map(|_| ())
    }

    async fn end_all_sessions(connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
        run_script(connection, BEGIN_WRITING).await?;
        end_all_sessions(connection).await?;
        run_script(connection, "COMMIT").await
    }
}

/// Of the last change in memory with its tag, and this instance: whether the history is the same,
/// whether the instance is registered, the first and the last change there are, the number of sessions, and the time.
const STATE: &str = "SELECT
    EXISTS (SELECT 1 FROM changes WHERE seq = $1 AND tag = $2) AS same_history,
    EXISTS (SELECT 1 FROM instances
            WHERE id = $3 AND NOT expired AND applied IS NOT NULL) AS registered,
    coalesce((SELECT min(seq) FROM changes), 0) AS first_change,
    coalesce((SELECT max(seq) FROM changes), 0) AS last_change,
    (SELECT sessions FROM session_count) AS sessions,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";
