//! The beginning of a history, for records in Redis.

use crate::{
    sessions::{History, SharedTokens},
    store::sql::{SqlConnection, query},
};

/// Everything from here on is followed. One process alone uses SQLite; on PostgreSQL each instance
/// that has loaded writes a change that begins a history, and relies on it when it has followed it.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn begin_history(
    shared: &SharedTokens,
    connection: &mut SqlConnection,
) -> Result<(), sqlx::Error> {
    if let SqlConnection::Sqlite(_) = connection {
        let tag: String = query("SELECT hex(randomblob(16))").fetch_one(connection).await?;
        History::of_tag(&tag).into_iter().for_each(|history| shared.begin_history(history));
    }
    Ok(())
}
