//! The store and its parts.

use std::sync::Arc;

use service_runtime::metrics::Metrics;

use super::{
    database::{Database, OpenError},
    sessions::{Follower, Journal, restore},
};
use crate::{
    keys::LiveKeys,
    sessions::{LiveSessions, SessionLimits},
    store::{location::Location, sql::SqlConnection, unavailable::Unavailable},
};

/// Everything that lasts. Each method is a look-up or a command that is on the disk, and in force
/// in memory, when it returns. Clones share the database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(super) database: Database,
    pub(super) live: Arc<LiveSessions>,
    pub(super) keys: Arc<LiveKeys>,
    pub(super) journal: Journal,
    pub(super) limits: SessionLimits,
}

impl Store {
    /// Opens the database of a service, or creates it. The live sessions and keys are in memory
    /// when this returns, and are kept up to date from then on.
    ///
    /// # Errors
    /// When the database cannot be created or opened, or is not one of this service.
    pub(crate) async fn open(
        location: &Location,
        limits: SessionLimits,
        metrics: &Metrics,
    ) -> Result<Self, OpenError> {
        let live = Arc::new(LiveSessions::new(metrics));
        let keys = Arc::new(LiveKeys::default());
        let journal = Journal::open(location).map_err(OpenError::Journal)?;
        restore(&journal, &live, &keys);
        let follower = Follower::new(live.clone(), keys.clone());
        let database = Database::open(location, follower).await?;
        database.show(metrics);
        Ok(Self { database, live, keys, journal, limits })
    }

    /// Opens an existing database for a command, which may run beside the service.
    ///
    /// # Errors
    /// When it does not exist, cannot be opened, is not one of this service, or the service uses
    /// the file by another path.
    pub(crate) async fn open_for_command(location: &Location) -> Result<Self, OpenError> {
        Ok(Self::of_command(Database::open_for_command(location).await?))
    }

    /// Opens a database for a command, and creates it if it does not exist.
    ///
    /// # Errors
    /// As [`Store::open_for_command`], or when it cannot be created.
    pub(crate) async fn create_for_command(location: &Location) -> Result<Self, OpenError> {
        Ok(Self::of_command(Database::create_for_command(location).await?))
    }

    /// A command validates no tokens: it keeps nothing in memory, and no limit holds for it.
    fn of_command(database: Database) -> Self {
        Self {
            database,
            live: Arc::new(LiveSessions::new(&Metrics::default())),
            keys: Arc::default(),
            journal: Journal::default(),
            limits: SessionLimits { per_user: usize::MAX, total: usize::MAX },
        }
    }

    /// Whether writes succeed, as far as is known: an idle database is probed every 5 seconds.
    pub(crate) fn is_healthy(&self) -> bool {
        self.database.is_healthy()
    }

    /// The live sessions, in memory.
    pub(crate) fn live_sessions(&self) -> &Arc<LiveSessions> {
        &self.live
    }

    /// The keys, in memory.
    pub(crate) fn live_keys(&self) -> &Arc<LiveKeys> {
        &self.keys
    }

    /// Writes what waits and closes all connections.
    pub(crate) async fn close(&self) {
        self.database.close().await;
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// When none is free in time.
    pub(super) async fn reader(&self) -> Result<SqlConnection, Unavailable> {
        self.database.reader().await
    }
}
