//! Moving what is in the `-wal` file into the database file.
//!
//! SQLite would do it by itself within a commit, and would not tell when a sync fails there.

use crate::store::sql::{SqlConnection, query};

/// How long the `-wal` file may become before it is moved, in pages. This is SQLite's default.
const LONG: i64 = 1000;

/// What `PRAGMA wal_checkpoint` tells: whether another connection was in the way, the pages in the
/// `-wal` file, and how many of them are in the database file. The numbers are -1 for a database in
/// memory.
type Progress = (i64, i64, i64);

/// Moves everything, so that all that was read is written and synced anew: after a failed sync it
/// may be in the memory of the kernel alone.
///
/// # Errors
/// When a file cannot be written or synced.
pub(super) async fn checkpoint_all(connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
    let (_, pages, moved) = checkpoint(connection, "PRAGMA wal_checkpoint(FULL)").await?;
    if moved < pages {
        tracing::warn!(pages, moved, "cannot write the whole database anew: it is being read");
    }
    Ok(())
}

/// Moves what can be moved without waiting, if the `-wal` file has become long.
///
/// # Errors
/// When a file cannot be written or synced.
pub(super) async fn checkpoint_if_long(connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
    let (_, pages, moved) = checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)").await?;
    if pages >= LONG && moved < pages {
        checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
    }
    Ok(())
}

/// Moves what can be moved without waiting, before the connection is closed.
///
/// # Errors
/// When a file cannot be written or synced.
pub(super) async fn checkpoint_before_close(
    connection: &mut SqlConnection,
) -> Result<(), sqlx::Error> {
    checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").await.map(drop)
}

async fn checkpoint(
    connection: &mut SqlConnection,
    pragma: &'static str,
) -> Result<Progress, sqlx::Error> {
    query(pragma).fetch_one(connection).await
}
