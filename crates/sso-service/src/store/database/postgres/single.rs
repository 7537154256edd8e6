//! Single statements, each in a transaction of its own.
//!
//! A statement with parameters takes two messages. Without a transaction, a connection pooler may
//! pass the second one to a server process that got another first one.

use crate::store::sql::{FromSqlRow, Query, SqlConnection, run_script};

/// Begins a transaction of one statement that writes. A process that is stopped before its end holds
/// the others up for two seconds at most.
const BEGIN: &str = "BEGIN;
    SET LOCAL lock_timeout = '2s';
    SET LOCAL statement_timeout = '2s';
    SET LOCAL idle_in_transaction_session_timeout = '2s'";

/// Runs a statement, and gives the number of rows that it changed.
///
/// # Errors
/// When the server refuses it or does not answer. The connection must not be used any more then.
pub(super) async fn execute(
    statement: Query,
    connection: &mut SqlConnection,
) -> Result<u64, sqlx::Error> {
    run_script(connection, BEGIN).await?;
    let changed = statement.execute(connection).await?;
    run_script(connection, "COMMIT").await?;
    Ok(changed)
}

/// Runs a statement that reads, and gives all rows.
///
/// # Errors
/// As [`execute`].
pub(super) async fn fetch_all<T: FromSqlRow + 'static>(
    statement: Query,
    connection: &mut SqlConnection,
) -> Result<Vec<T>, sqlx::Error> {
    run_script(connection, "BEGIN READ ONLY").await?;
    let rows = statement.fetch_all(connection).await?;
    run_script(connection, "COMMIT").await?;
    Ok(rows)
}

/// Runs a statement that reads, and gives the first row.
///
/// # Errors
/// As [`execute`], and when there is none.
pub(super) async fn fetch_one<T: FromSqlRow + 'static>(
    statement: Query,
    connection: &mut SqlConnection,
) -> Result<T, sqlx::Error> {
    fetch_all(statement, connection).await?.into_iter().next().ok_or(sqlx::Error::RowNotFound)
}
