//! An open database.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use service_runtime::metrics::Metrics;
use tokio::{sync::oneshot, time::timeout};

use super::{
    commits::Commits,
    fatal::FatalFault,
    health::Health,
    postgres::{FollowerThread, Freshness, InstanceMetrics},
    readers::Readers,
    sqlite::FailedSync,
    write_job::{Effect, WriteJob, WriteJobs},
};
#[cfg(test)]
use crate::store::sql::{Dialects, run_script};
use crate::store::{sql::SqlConnection, unavailable::Unavailable};

/// An open database. Clones share it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Database {
    readers: Readers,
    writer: Arc<Mutex<Option<WriterHandle>>>,
    write_time: Duration,
    instance: Option<Instance>,
    monitors: Monitors,
}

/// What a writer tells of its work. Clones tell the same.
#[derive(Debug, Clone)]
pub(super) struct Monitors {
    pub(super) commits: Commits,
    pub(super) health: Health,
    pub(super) fault: FatalFault,
}

#[derive(Debug)]
struct WriterHandle {
    jobs: WriteJobs,
    ended: oneshot::Receiver<()>,
}

/// One of several instances on the same database.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) freshness: Freshness,
    pub(super) follower: Arc<Mutex<Option<FollowerThread>>>,
    pub(super) metrics: InstanceMetrics,
}

impl Database {
    /// A database with these connections, whose writer has been started.
    pub(super) fn new(
        readers: Readers,
        (jobs, ended): (WriteJobs, oneshot::Receiver<()>),
        write_time: Duration,
        instance: Option<Instance>,
        monitors: Monitors,
    ) -> Self {
        let writer = Arc::new(Mutex::new(Some(WriterHandle { jobs, ended })));
        Self { readers, writer, write_time, instance, monitors }
    }

    /// Whether writes succeed, as far as is known: an idle database is looked at every 5 seconds.
    pub(in crate::store) fn is_healthy(&self) -> bool {
        self.monitors.health.is_good()
    }

    /// Ends the process, since a file beside the database could not be synced.
    pub(in crate::store) fn end_process(&self, failed_sync: &FailedSync) {
        failed_sync.end_process(&self.monitors.fault);
    }

    /// Returns when the process must end.
    pub(in crate::store) async fn failed(&self) {
        self.monitors.fault.raised().await;
    }

    /// Whether the process must end, or should have ended otherwise.
    pub(in crate::store) fn has_failed(&self) -> bool {
        self.monitors.fault.has_occurred()
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
        self.monitors.commits.show(metrics);
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

#[cfg(test)]
impl Database {
    /// Changes the database in a way that no command does.
    pub(in crate::store) async fn execute(&self, sql: impl Into<Dialects>) {
        let sql = sql.into();
        let work = async move |connection: &mut SqlConnection| {
            let sql = match connection {
                SqlConnection::Sqlite(_) => sql.sqlite,
                _ => sql.postgres,
            };
            run_script(connection, sql).await?;
            Ok::<_, Unavailable>(())
        };
        self.write(work).await.unwrap();
    }
}

impl Monitors {
    pub(super) fn new() -> Self {
        Self { commits: Commits::new(), health: Health::default(), fault: FatalFault::default() }
    }
}

impl Instance {
    fn take_follower(&self) -> Option<FollowerThread> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
