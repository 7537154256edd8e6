//! The server that everything is moved to.

use futures_util::TryStreamExt;
use sqlx::{Connection, PgConnection, Postgres, Transaction, postgres::PgCopyIn};

use super::{
    checksum::{Checksum, MovedTable},
    error::MigrationError,
    tables::{TABLES, Table},
};
use crate::store::database::postgres::{PostgresServer, connect_own, prepare};

/// No writer writes meanwhile, and no instance registers. What it writes takes longer than other
/// transactions.
const BEGIN: &str = "SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = '10s';
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL bytea_output = 'hex';
    SELECT pg_advisory_xact_lock(7369625);
    LOCK TABLE instances IN EXCLUSIVE MODE";

/// Triggers would count the sessions once more, and write a change for each row. Built-in roles and
/// the rows that every database has come from the source.
const EMPTY: &str = "ALTER TABLE users DISABLE TRIGGER USER;
    ALTER TABLE role_permissions DISABLE TRIGGER USER;
    ALTER TABLE user_roles DISABLE TRIGGER USER;
    ALTER TABLE user_permissions DISABLE TRIGGER USER;
    ALTER TABLE sessions DISABLE TRIGGER USER;
    ALTER TABLE session_tokens DISABLE TRIGGER USER;
    ALTER TABLE session_count DISABLE TRIGGER USER;
    ALTER TABLE grants DISABLE TRIGGER USER;
    ALTER TABLE api_keys DISABLE TRIGGER USER;
    DELETE FROM role_permissions;
    DELETE FROM roles;
    DELETE FROM clients;
    DELETE FROM session_count;
    DELETE FROM ended_sessions;
    DELETE FROM audit;
    DELETE FROM signing_keys;
    DELETE FROM greatest_instant";

/// Without statistics, the first looks of an instance would read whole tables.
const FINISH: &str = "ALTER TABLE users ENABLE TRIGGER USER;
    ALTER TABLE role_permissions ENABLE TRIGGER USER;
    ALTER TABLE user_roles ENABLE TRIGGER USER;
    ALTER TABLE user_permissions ENABLE TRIGGER USER;
    ALTER TABLE sessions ENABLE TRIGGER USER;
    ALTER TABLE session_tokens ENABLE TRIGGER USER;
    ALTER TABLE session_count ENABLE TRIGGER USER;
    ALTER TABLE grants ENABLE TRIGGER USER;
    ALTER TABLE api_keys ENABLE TRIGGER USER;
    ANALYZE users, user_roles, sessions, session_tokens, refresh_tokens, past_tokens, audit, changes";

const HAS_USERS: &str = "SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM sessions)
    OR EXISTS (SELECT 1 FROM api_keys)";
const IS_SERVED: &str = "SELECT EXISTS (SELECT 1 FROM instances WHERE NOT expired)";

/// A server with the tables of this version.
pub(super) struct Target(PgConnection);

impl Target {
    /// Checks the server and creates missing tables.
    ///
    /// # Errors
    /// When it does not answer, loses acknowledged writes, or has other tables.
    pub(super) async fn open(server: &PostgresServer) -> Result<Self, MigrationError> {
        prepare(server).await?;
        connect_own(server).await.map(Self).map_err(MigrationError::Target)
    }

    /// Whether somebody has an account or a key there.
    pub(super) async fn has_users(&mut self) -> Result<bool, MigrationError> {
        is_true(&mut self.0, HAS_USERS).await
    }

    /// Begins to fill it. Nothing is there before [`Filling::commit`].
    ///
    /// # Errors
    /// When it is not empty, or is served.
    pub(super) async fn fill(&mut self) -> Result<Filling<'_>, MigrationError> {
        let mut transaction = self.0.begin().await.map_err(MigrationError::Target)?;
        run(&mut transaction, BEGIN).await?;
        if is_true(&mut transaction, HAS_USERS).await? {
            return Err(MigrationError::NotEmpty);
        }
        if is_true(&mut transaction, IS_SERVED).await? {
            return Err(MigrationError::Served);
        }
        run(&mut transaction, EMPTY).await?;
        Ok(Filling(transaction))
    }
}

/// A server that is being filled.
pub(super) struct Filling<'c>(Transaction<'c, Postgres>);

impl Filling<'_> {
    /// Begins to write rows.
    pub(super) async fn copy_in(
        &mut self,
        table: &Table,
    ) -> Result<PgCopyIn<&mut PgConnection>, MigrationError> {
        self.0.copy_in_raw(table.copy_in).await.map_err(MigrationError::Target)
    }

    /// The sum of the rows that are there.
    pub(super) async fn sum(&mut self, table: &Table) -> Result<MovedTable, MigrationError> {
        let mut sum = Checksum::default();
        let rows = self.0.copy_out_raw(table.copy_out).await;
        let mut rows = rows.map_err(MigrationError::Target)?;
        while let Some(lines) = rows.try_next().await.map_err(MigrationError::Target)? {
            sum.add(&lines);
        }
        Ok(sum.finish(table.name))
    }

    /// Lets the numbers of new rows begin after this one.
    pub(super) async fn continue_after(
        &mut self,
        table: &str,
        number: i64,
    ) -> Result<(), MigrationError> {
        let set = sqlx::query("SELECT setval(pg_get_serial_sequence($1, 'number'), $2)");
        let set = set.persistent(false).bind(table.to_owned()).bind(number);
        set.execute(&mut *self.0).await.map(|_| ()).map_err(MigrationError::Target)
    }

    /// Brings it into the state in which it is served, but for the commit.
    pub(super) async fn finish(&mut self) -> Result<(), MigrationError> {
        run(&mut self.0, FINISH).await
    }

    pub(super) async fn commit(self) -> Result<(), MigrationError> {
        self.0.commit().await.map_err(MigrationError::Unknown)
    }
}

/// The tables whose rows have numbers.
pub(super) fn numbered() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| table.copy_in.contains("(number, "))
}

async fn run(connection: &mut PgConnection, script: &'static str) -> Result<(), MigrationError> {
    let run = sqlx::raw_sql(script).execute(connection).await;
    run.map(|_| ()).map_err(MigrationError::Target)
}

async fn is_true(connection: &mut PgConnection, sql: &'static str) -> Result<bool, MigrationError> {
    let value = sqlx::query_scalar(sql).persistent(false).fetch_one(connection).await;
    value.map_err(MigrationError::Target)
}
