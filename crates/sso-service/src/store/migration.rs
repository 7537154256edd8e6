//! Moving everything from a file to a server.

use std::sync::Arc;

use service_runtime::metrics::Metrics;

use super::{
    database::{Database, InstanceLock, Migration, MigrationError, MovedTable, migrate},
    handle::Store,
    location::Location,
    sessions::{Journal, restore},
};
use crate::{keys::LiveKeys, sessions::LiveSessions};

/// Moves a file to a server. The file is not served from then on.
///
/// # Errors
/// When nothing was moved, or it is not known. `None` when the locations are not a file and a
/// server.
pub(crate) async fn move_database(
    from: &Location,
    to: &Location,
) -> Result<Option<Vec<MovedTable>>, MigrationError> {
    let (Location::File(file), Location::Postgres(server)) = (from, to) else {
        return Ok(None);
    };
    from.check_exists().map_err(|error| MigrationError::Open(error.into()))?;
    let lock = InstanceLock::take(from)?;
    let moved = migrate(&Migration { file, server }, async || write_journal(from).await).await;
    // Not before SQLite has closed the file: its own locks would end with this descriptor.
    drop(lock);
    moved.map(Some)
}

/// Writes the revocations that were in force and could not be written.
async fn write_journal(location: &Location) -> Result<(), MigrationError> {
    let journal = Journal::open(location).map_err(MigrationError::Journal)?;
    let (live, keys) = (LiveSessions::new(&Metrics::default()), LiveKeys::default());
    restore(&journal, &live, &keys);
    let database = Database::open_locked(location).await?;
    let mut store = Store::of_command(database);
    (store.live, store.journal) = (Arc::new(live), journal);
    let written = store.write_revocations().await;
    store.close().await;
    Ok(written?)
}
