//! An open database.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use service_runtime::{
    clock::{Clock, SystemClock, id_at},
    metrics::Metrics,
};
use tokio::{sync::oneshot, time::timeout};

use super::{
    commits::Commits,
    fatal::FatalFault,
    follow::{Follow, NoFollower},
    health::Health,
    open_error::OpenError,
    postgres::{self, FollowerThread, Following, Freshness, InstanceMetrics, PostgresServer},
    readers::Readers,
    sqlite::{self, DatabaseFiles, FailedSync, check_path},
    write_job::{Effect, WriteJob, WriteJobs},
};
use crate::{
    sessions::RedisClient,
    store::{location::Location, sql::SqlConnection, unavailable::Unavailable},
};

/// How long a write to SQLite may take, all waiting included, before its outcome counts as unknown.
const WRITE_TIME: Duration = Duration::from_secs(3);
/// The same for PostgreSQL, where it may have to wait until the lease of another instance is over.
const CONFIRMED_WRITE_TIME: Duration = Duration::from_secs(15);

/// An open database. Clones share it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Database {
    readers: Readers,
    writer: Arc<Mutex<Option<WriterHandle>>>,
    write_time: Duration,
    instance: Option<Instance>,
    commits: Commits,
    health: Health,
    fault: FatalFault,
}

#[derive(Debug)]
struct WriterHandle {
    jobs: WriteJobs,
    ended: oneshot::Receiver<()>,
}

/// One of several instances on the same database.
#[derive(Debug, Clone)]
struct Instance {
    freshness: Freshness,
    follower: Arc<Mutex<Option<FollowerThread>>>,
    metrics: InstanceMetrics,
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
        let (commits, health) = (Commits::new(), Health::default());
        let fault = FatalFault::default();
        let writer = sqlite::start(
            connection,
            files,
            follower,
            commits.clone(),
            health.clone(),
            fault.clone(),
        );
        let (writer, readers) = (writer.await?, sqlite::readers(options));
        Ok(Self::new(readers, writer, WRITE_TIME, None, commits, health, fault))
    }

    async fn open_postgres(
        server: &PostgresServer,
        follower: impl Follow,
        sharing: Sharing,
    ) -> Result<Self, OpenError> {
        postgres::prepare(server).await?;
        let metrics = InstanceMetrics::new();
        let fault = FatalFault::default();
        let following = Following {
            stale_max: sharing.stale_max,
            clock: sharing.clock,
            metrics: metrics.clone(),
            new_id: || id_at(SystemClock::default().now()).to_string(),
            fault: fault.clone(),
        };
        let follower = postgres::start_follower(server.clone(), follower, following).await?;
        let freshness = follower.freshness.clone();
        let (commits, health) = (Commits::new(), Health::default());
        let writer = postgres::start_writer(
            server.clone(),
            Some(freshness.looks()),
            metrics.clone(),
            commits.clone(),
            health.clone(),
        )?;
        let follower = Arc::new(Mutex::new(Some(follower)));
        let instance = Some(Instance { freshness, follower, metrics });
        let readers = postgres::readers(server);
        Ok(Self::new(readers, writer, CONFIRMED_WRITE_TIME, instance, commits, health, fault))
    }

    fn new(
        readers: Readers,
        (jobs, ended): (WriteJobs, oneshot::Receiver<()>),
        write_time: Duration,
        instance: Option<Instance>,
        commits: Commits,
        health: Health,
        fault: FatalFault,
    ) -> Self {
        let writer = Arc::new(Mutex::new(Some(WriterHandle { jobs, ended })));
        Self { readers, writer, write_time, instance, commits, health, fault }
    }

    /// Whether writes succeed, as far as is known: an idle database is looked at every 5 seconds.
    pub(in crate::store) fn is_healthy(&self) -> bool {
        self.health.is_good()
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
        let (commits, health) = (Commits::new(), Health::default());
        let metrics = InstanceMetrics::new();
        let (server, readers) = (server.clone(), postgres::readers(server));
        let writer =
            postgres::start_writer(server, None, metrics, commits.clone(), health.clone())?;
        Ok(Self::new(
            readers,
            writer,
            CONFIRMED_WRITE_TIME,
            None,
            commits,
            health,
            FatalFault::default(),
        ))
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

    /// Ends the process, since a file beside the database could not be synced.
    pub(in crate::store) fn end_process(&self, failed_sync: &FailedSync) {
        failed_sync.end_process(&self.fault);
    }

    /// Returns when the process must end.
    pub(in crate::store) async fn failed(&self) {
        self.fault.raised().await;
    }

    /// Whether several instances may serve from it.
    pub(in crate::store) fn is_shared(&self) -> bool {
        self.instance.is_some()
    }

    /// Whether answers may be given from memory at this instant.
    pub(in crate::store) fn holds_lease(&self) -> bool {
        self.instance.as_ref().is_none_or(|instance| instance.freshness.holds_lease())
    }

    /// What memory knows, if it may be asked. Before it says that it knows nothing, it is made up to
    /// date.
    ///
    /// # Errors
    /// When memory may not be asked, or the database cannot be read in time.
    pub(in crate::store) async fn known<T>(
        &self,
        find: impl Fn() -> Option<T>,
    ) -> Result<Option<T>, Unavailable> {
        match &self.instance {
            Some(instance) => instance.freshness.known(find).await,
            None => Ok(find()),
        }
    }

    /// Shows how long commits take.
    pub(in crate::store) fn show(&self, metrics: &Metrics) {
        self.commits.show(metrics);
        if let Some(instance) = &self.instance {
            instance.metrics.show(metrics);
        }
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// When none is free in time.
    pub(in crate::store) async fn reader(&self) -> Result<SqlConnection, Unavailable> {
        self.readers.acquire().await
    }

    /// Has something written, all or nothing; it is on the disk, and in force on every instance,
    /// when this returns. Work that fails has written nothing.
    ///
    /// The job runs also when its caller does not wait for it any more.
    ///
    /// # Errors
    /// The work's own, or that the database is [`Unavailable`]: it is not known then whether it
    /// was done.
    pub(in crate::store) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut SqlConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        self.run(Effect::Changes, work).await
    }

    /// As [`Database::write`], for work that takes nothing away: it is on the disk when this
    /// returns, and an instance that does not know of it looks before it says no.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub(in crate::store) async fn write_addition<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut SqlConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        self.run(Effect::Adds, work).await
    }

    async fn run<T, E, F>(&self, effect: Effect, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut SqlConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let (job, answered) = WriteJob::new(effect, work);
        let jobs = self.jobs().ok_or(Unavailable::Silent)?;
        let written = async {
            jobs.send(job).await.ok()?;
            // Kept no longer than it takes: the writer ends with the last of them.
            drop(jobs);
            answered.await.ok()
        };
        match timeout(self.write_time, written).await {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(_) => Err(Unavailable::Silent.into()),
        }
    }

    /// Closes all connections when the waiting jobs have been written.
    pub(in crate::store) async fn close(&self) {
        self.readers.close().await;
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(WriterHandle { jobs, ended }) = writer {
            drop(jobs);
            let _ = ended.await;
        }
        let follower = self.instance.as_ref().and_then(Instance::take_follower);
        if let Some(follower) = follower {
            follower.stop().await;
        }
    }

    fn jobs(&self) -> Option<WriteJobs> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().map(|writer| writer.jobs.clone())
    }
}

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

#[cfg(test)]
use crate::store::sql::{Dialects, run_script};

#[cfg(test)]
impl Database {
    /// Changes the database in a way that no command does.
    pub(in crate::store) async fn execute(&self, sql: impl Into<Dialects>) {
        let sql = sql.into();
        let work = async move |connection: &mut SqlConnection| {
            let sql = match connection {
                SqlConnection::Sqlite(_) => sql.sqlite,
                SqlConnection::Postgres(_) => sql.postgres,
            };
            run_script(connection, sql).await?;
            Ok::<_, Unavailable>(())
        };
        self.write(work).await.unwrap();
    }
}

impl Instance {
    fn take_follower(&self) -> Option<FollowerThread> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
