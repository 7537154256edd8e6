//! Opening a database: SQLite or PostgreSQL, for the service or for a command.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use service_runtime::clock::{Clock, SystemClock, id_at};

use super::{
    follow::{Follow, NoFollower},
    handle::{Database, Instance, Monitors},
    open_error::OpenError,
    postgres::{self, Following, InstanceMetrics, PostgresServer},
    sqlite::{self, DatabaseFiles, check_path},
};
use crate::{sessions::RedisClient, store::location::Location};

/// How long a write to SQLite may take, all waiting included, before its outcome counts as unknown.
const WRITE_TIME: Duration = Duration::from_secs(3);
/// The same for PostgreSQL, where it may have to wait until the lease of another instance is over.
const CONFIRMED_WRITE_TIME: Duration = Duration::from_secs(15);

/// How an instance shares its database with others.
#[derive(Debug, Clone)]
pub(crate) struct Sharing {
    /// How long memory may be answered from without a look at the database.
    pub(crate) stale_max: Duration,
    /// Takes over the time of the database server.
    pub(crate) clock: Option<Arc<SystemClock>>,
    /// Where live tokens are shared. `None`: they are in memory.
    pub(crate) redis: Option<RedisClient>,
}

impl Default for Sharing {
    fn default() -> Self {
        Self { stale_max: Duration::from_secs(2), clock: None, redis: None }
    }
}

impl Database {
    /// Opens it, or creates it, and brings its tables up to date. The follower has seen all there
    /// is.
    ///
    /// # Errors
    /// When it cannot be created or opened, or is no database of ours.
    pub(in crate::store) async fn open(
        location: &Location,
        follower: impl Follow,
        sharing: Sharing,
    ) -> Result<Self, OpenError> {
        match location {
            Location::Postgres(server) => Self::open_postgres(server, follower, sharing).await,
            Location::File(path) => {
                location.create_missing()?;
                Self::open_sqlite(Some(path), follower).await
            }
            Location::Memory => Self::open_sqlite(None, follower).await,
        }
    }

    async fn open_sqlite(file: Option<&PathBuf>, follower: impl Follow) -> Result<Self, OpenError> {
        let options = sqlite::options(file);
        let connection = sqlite::connect(&options).await?;
        let files = file.map_or(Ok(DatabaseFiles::none()), |file| DatabaseFiles::opened(file))?;
        files.sync_directory().map_err(OpenError::Directory)?;
        let monitors = Monitors::new();
        let writer = sqlite::start(connection, files, follower, monitors.clone()).await?;
        Ok(Self::new(sqlite::readers(options), writer, WRITE_TIME, None, monitors))
    }

    async fn open_postgres(
        server: &PostgresServer,
        follower: impl Follow,
        sharing: Sharing,
    ) -> Result<Self, OpenError> {
        postgres::prepare(server).await?;
        let (metrics, monitors) = (InstanceMetrics::new(), Monitors::new());
        let following = Following {
            stale_max: sharing.stale_max,
            clock: sharing.clock,
            metrics: metrics.clone(),
            new_id: || id_at(SystemClock::default().now()).to_string(),
            fault: monitors.fault.clone(),
        };
        let follower = postgres::start_follower(server.clone(), follower, following).await?;
        let freshness = follower.freshness.clone();
        let (looks, writing) = (Some(freshness.looks()), monitors.clone());
        let writer = postgres::start_writer(server.clone(), looks, metrics.clone(), writing)?;
        let follower = Arc::new(Mutex::new(Some(follower)));
        let instance = Some(Instance { freshness, follower, metrics });
        let readers = postgres::readers(server);
        Ok(Self::new(readers, writer, CONFIRMED_WRITE_TIME, instance, monitors))
    }

    /// Opens an existing database for a command, which may run beside the service.
    ///
    /// # Errors
    /// When there is none, it cannot be opened, it is no database of ours, or the service uses the
    /// file by another path.
    pub(in crate::store) async fn open_for_command(location: &Location) -> Result<Self, OpenError> {
        match location {
            Location::Postgres(server) => return Self::open_postgres_for_command(server).await,
            Location::File(path) => {
                location.check_exists()?;
                check_path(path)?;
            }
            Location::Memory => {}
        }
        Self::open(location, NoFollower, Sharing::default()).await
    }

    /// Opens a file whose lock the caller holds, for a command.
    ///
    /// # Errors
    /// When it cannot be opened, or is no database of ours.
    pub(in crate::store) async fn open_locked(location: &Location) -> Result<Self, OpenError> {
        Self::open(location, NoFollower, Sharing::default()).await
    }

    /// A command keeps nothing in memory, so it is no instance that others wait for.
    async fn open_postgres_for_command(server: &PostgresServer) -> Result<Self, OpenError> {
        postgres::prepare(server).await?;
        let (metrics, monitors) = (InstanceMetrics::new(), Monitors::new());
        let writer = postgres::start_writer(server.clone(), None, metrics, monitors.clone())?;
        let readers = postgres::readers(server);
        Ok(Self::new(readers, writer, CONFIRMED_WRITE_TIME, None, monitors))
    }

    /// Opens a database for a command, and creates it if there is none.
    ///
    /// # Errors
    /// As [`Database::open_for_command`], or when it cannot be created.
    pub(in crate::store) async fn create_for_command(
        location: &Location,
    ) -> Result<Self, OpenError> {
        location.create_missing()?;
        Self::open_for_command(location).await
    }
}
