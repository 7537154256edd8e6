//! An open database.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use service_runtime::metrics::Metrics;
use tokio::{sync::oneshot, time::timeout};

use super::{
    commits::Commits,
    follow::{Follow, NoFollower},
    health::Health,
    readers::Readers,
    sqlite::{self, DatabaseFiles, OpenError, StartWriterError, check_path},
    write_job::{WriteJob, WriteJobs},
};
use crate::store::{location::Location, sql::SqlConnection, unavailable::Unavailable};

/// How long a write may take, all waiting included, before its outcome counts as unknown.
const WRITE_TIME: Duration = Duration::from_secs(3);

/// An open database. Clones share it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Database {
    readers: Readers,
    writer: Arc<Mutex<Option<WriterHandle>>>,
    commits: Commits,
    health: Health,
}

#[derive(Debug)]
struct WriterHandle {
    jobs: WriteJobs,
    ended: oneshot::Receiver<()>,
}

impl Database {
    /// Opens it, or creates it, and brings its tables up to date. The follower has seen all there
    /// is.
    ///
    /// # Errors
    /// When the file cannot be created or opened, or is no database of ours.
    pub(in crate::store) async fn open(
        location: &Location,
        follower: impl Follow,
    ) -> Result<Self, OpenError> {
        location.create_missing()?;
        let options = sqlite::options(location);
        let connection = sqlite::connect(&options).await?;
        let files = match location {
            Location::File(path) => DatabaseFiles::opened(path)?,
            Location::Memory => DatabaseFiles::none(),
        };
        let (commits, health) = (Commits::new(), Health::default());
        let start = sqlite::start(connection, files, follower, commits.clone(), health.clone());
        let (jobs, ended) = start.await?;
        let writer = Arc::new(Mutex::new(Some(WriterHandle { jobs, ended })));
        Ok(Self { readers: sqlite::readers(options), writer, commits, health })
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
        if let Location::File(path) = location {
            location.check_exists()?;
            check_path(path)?;
        }
        Self::open(location, NoFollower).await
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

    /// Shows how long commits take.
    pub(in crate::store) fn show(&self, metrics: &Metrics) {
        self.commits.show(metrics);
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// When none is free in time.
    pub(in crate::store) async fn reader(&self) -> Result<SqlConnection, Unavailable> {
        self.readers.acquire().await
    }

    /// Has something written, all or nothing; it is on the disk, and the follower knows, when this
    /// returns. Work that fails has written nothing.
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
        let (job, answered) = WriteJob::new(work);
        let jobs = self.jobs().ok_or(Unavailable::Silent)?;
        let written = async {
            jobs.send(job).await.ok()?;
            // Kept no longer than it takes: the writer ends with the last of them.
            drop(jobs);
            answered.await.ok()
        };
        match timeout(WRITE_TIME, written).await {
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
    }

    fn jobs(&self) -> Option<WriteJobs> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().map(|writer| writer.jobs.clone())
    }
}

#[cfg(test)]
impl Database {
    /// Changes the database in a way that no command does.
    pub(in crate::store) async fn execute(&self, sql: &'static str) {
        let work = async move |connection: &mut SqlConnection| {
            crate::store::sql::query(sql).execute(connection).await?;
            Ok::<_, Unavailable>(())
        };
        self.write(work).await.unwrap();
    }
}

impl From<StartWriterError> for OpenError {
    fn from(error: StartWriterError) -> Self {
        match error {
            StartWriterError::Thread(error) => Self::Writer(error),
            StartWriterError::Follow(error) => Self::Connect(error),
        }
    }
}
