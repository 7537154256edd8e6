//! A statement with the values of its parameters.

use std::{io, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{Executor, Postgres, Sqlite, postgres::PgArguments, sqlite::SqliteArguments};
use tokio::time::timeout;

use super::{
    connection::SqlConnection,
    dialects::Dialects,
    row::{FromSqlRow, SqlRow},
    value::SqlValue,
};

/// How long a server may take to answer a command that reads.
const READ_TIME: Duration = Duration::from_secs(2);

/// A statement that is to be run. In PostgreSQL it must be run within a transaction: it takes two
/// messages, and a connection pooler may pass the second one to another server process.
#[derive(Debug)]
#[must_use = "a query does nothing until it is run"]
pub(in crate::store) struct Query {
    sql: Dialects,
    values: Vec<SqlValue>,
}

/// A statement without values yet.
pub(in crate::store) fn query(sql: impl Into<Dialects>) -> Query {
    Query { sql: sql.into(), values: Vec::new() }
}

/// Runs statements without parameters and results, in one message where the database can.
///
/// # Errors
/// When the database refuses one of them or does not answer. Those before it have been run.
pub(in crate::store) async fn run_script(
    connection: &mut SqlConnection,
    sql: impl Into<Dialects>,
) -> Result<(), sqlx::Error> {
    let sql = sql.into();
    match connection {
        SqlConnection::Sqlite(connection) => {
            sqlx::raw_sql(sql.sqlite).execute(&mut **connection).await.map(|_| ())
        }
        SqlConnection::Postgres(connection) => {
            sqlx::raw_sql(sql.postgres).execute(&mut **connection).await.map(|_| ())
        }
        #[cfg(feature = "simulation")]
        SqlConnection::Simulated(connection) => connection.run(sql, None).await.map(|_| ()),
    }
}

impl Query {
    /// Adds the value of the next parameter.
    pub(in crate::store) fn bind(mut self, value: impl Into<SqlValue>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it, and gives the number of rows that it changed.
    ///
    /// # Errors
    /// When the database refuses it or does not answer.
    pub(in crate::store) async fn execute(
        self,
        connection: &mut SqlConnection,
    ) -> Result<u64, sqlx::Error> {
        match connection {
            SqlConnection::Sqlite(connection) => {
                Ok(self.for_sqlite().execute(&mut **connection).await?.rows_affected())
            }
            SqlConnection::Postgres(connection) => {
                Ok(self.for_postgres().execute(&mut **connection).await?.rows_affected())
            }
            #[cfg(feature = "simulation")]
            SqlConnection::Simulated(connection) => {
                Ok(connection.run(self.sql, Some(self.values)).await?.changed)
            }
        }
    }

    /// The rows, as they are read.
    pub(in crate::store) fn fetch<T: FromSqlRow + 'static>(
        self,
        connection: &mut SqlConnection,
    ) -> BoxStream<'_, Result<T, sqlx::Error>> {
        let rows = match connection {
            SqlConnection::Sqlite(connection) => {
                (&mut **connection).fetch(self.for_sqlite()).map_ok(SqlRow::Sqlite).boxed()
            }
            SqlConnection::Postgres(connection) => {
                (&mut **connection).fetch(self.for_postgres()).map_ok(SqlRow::Postgres).boxed()
            }
            #[cfg(feature = "simulation")]
            SqlConnection::Simulated(connection) => connection.fetch(self.sql, self.values),
        };
        rows.and_then(async |row| T::from_row(&row)).boxed()
    }

    /// All rows. A connection that a pool has lent has two seconds to answer, and is closed if it
    /// does not.
    ///
    /// # Errors
    /// When the database refuses it or does not answer, or a row cannot be read.
    pub(in crate::store) async fn fetch_all<T: FromSqlRow + 'static>(
        self,
        connection: &mut SqlConnection,
    ) -> Result<Vec<T>, sqlx::Error> {
        if !connection.is_lent_by_server() {
            return self.fetch(connection).try_collect().await;
        }
        let rows = timeout(READ_TIME, self.fetch(connection).try_collect()).await;
        rows.unwrap_or_else(|_| {
            connection.abandon();
            Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()))
        })
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Query::fetch_all`].
    pub(in crate::store) async fn fetch_optional<T: FromSqlRow + 'static>(
        self,
        connection: &mut SqlConnection,
    ) -> Result<Option<T>, sqlx::Error> {
        Ok(self.fetch_all(connection).await?.into_iter().next())
    }

    /// The first row.
    ///
    /// # Errors
    /// As [`Query::fetch_all`], and when there is none.
    pub(in crate::store) async fn fetch_one<T: FromSqlRow + 'static>(
        self,
        connection: &mut SqlConnection,
    ) -> Result<T, sqlx::Error> {
        self.fetch_optional(connection).await?.ok_or(sqlx::Error::RowNotFound)
    }

    fn for_sqlite(self) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
        let query = sqlx::query(self.sql.sqlite);
        self.values.into_iter().fold(query, |query, value| value.bind_to_sqlite(query))
    }

    /// Not kept as a named statement: behind a connection pooler the next transaction may be on
    /// another connection.
    fn for_postgres(self) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        let query = sqlx::query(self.sql.postgres).persistent(false);
        self.values.into_iter().fold(query, |query, value| value.bind_to_postgres(query))
    }
}
