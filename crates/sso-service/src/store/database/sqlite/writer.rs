//! The one writer: a thread with a connection of its own.
//!
//! A commit costs a write to the disk, however much it holds. So the writer takes all jobs that
//! wait, runs each behind a savepoint of its own, commits once and then answers all. While the
//! disk is busy with one batch the next one gathers: no job waits for a timer.

use std::{
    io, mem, thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::timeout,
};
use tracing::{Instrument, error_span};

use super::{
    checkpoint::{checkpoint_before_close, checkpoint_if_long},
    failed_sync::FailedSync,
    files::DatabaseFiles,
};
use crate::store::{
    database::{
        commits::Commits,
        fatal::FatalFault,
        follow::{Follow, FollowError},
        handle::Monitors,
        health::{HealthCheck, probe},
        write_job::{FinishedJob, LARGEST_BATCH, QUEUE, WriteJob, WriteJobs},
    },
    sql::{SqlConnection, query},
    unavailable::Unavailable,
};

/// How often changes by other processes are looked for.
const POLL: Duration = Duration::from_millis(200);

/// Starts the writer. The follower has caught up when this returns; the receiver hears of the
/// writer's end.
pub(in crate::store::database) async fn start(
    connection: SqlConnection,
    files: DatabaseFiles,
    follower: impl Follow,
    monitors: Monitors,
) -> Result<(WriteJobs, oneshot::Receiver<()>), StartWriterError> {
    let (jobs, waiting) = mpsc::channel(QUEUE);
    let (report, caught_up) = oneshot::channel();
    let (ended, end) = oneshot::channel();
    let runtime = runtime::Builder::new_current_thread().enable_time().build()?;
    let Monitors { commits, health, fault } = monitors;
    let checkup = HealthCheck::of(health);
    let writer = DatabaseWriter { connection, files, follower, waiting, commits, checkup, fault };
    thread::Builder::new().name("writer".to_owned()).spawn(move || {
        runtime.block_on(writer.run(report).instrument(error_span!("writer")));
        let _ = ended.send(());
    })?;
    match caught_up.await {
        Ok(caught_up) => caught_up.map(|()| (jobs, end)).map_err(StartWriterError::Follow),
        Err(_) => Err(StartWriterError::Thread(io::Error::other("the writer has ended"))),
    }
}

struct DatabaseWriter<F> {
    connection: SqlConnection,
    files: DatabaseFiles,
    follower: F,
    waiting: mpsc::Receiver<WriteJob>,
    commits: Commits,
    checkup: HealthCheck,
    fault: FatalFault,
}

impl<F: Follow> DatabaseWriter<F> {
    async fn run(mut self, report: oneshot::Sender<Result<(), sqlx::Error>>) {
        let caught_up = self.catch_up().await;
        let failed = caught_up.is_err();
        if report.send(caught_up).is_err() || failed {
            return;
        }
        if let Err(failed_sync) = self.serve().await {
            failed_sync.end_process(&self.fault);
            // The files stay as they are: a connection that is closed writes.
            mem::forget(self.connection);
            return;
        }
        // The last connection tidies up, so that the file is all there is to copy.
        let _ = self.connection.close().await;
    }

    /// Ends when no jobs can come any more, and all is in the database file.
    ///
    /// # Errors
    /// When a sync fails.
    async fn serve(&mut self) -> Result<(), FailedSync> {
        let mut batch = Vec::new();
        loop {
            match timeout(POLL, self.waiting.recv_many(&mut batch, LARGEST_BATCH)).await {
                Ok(0) => break,
                Ok(_) => self.write(&mut batch).await?,
                Err(_elapsed) => self.poll().await?,
            }
        }
        // The end of a connection would move it as well, and would not tell when a sync fails.
        FailedSync::check(&checkpoint_before_close(&mut self.connection).await)
    }

    async fn poll(&mut self) -> Result<(), FailedSync> {
        if let Err(error) = self.catch_up().await {
            tracing::warn!(%error, "cannot read the changes of the database");
        }
        if self.checkup.is_due() {
            let probed = self.probe().await;
            self.checkup.finish(&probed);
            FailedSync::check(&probed)?;
        }
        Ok(())
    }

    /// Looks whether a write would succeed.
    async fn probe(&mut self) -> Result<(), sqlx::Error> {
        let connection = &mut self.connection;
        execute(connection, "BEGIN IMMEDIATE").await?;
        let written = probe(connection).await.and(self.files.check().map_err(sqlx::Error::from));
        let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = execute(connection, end).await;
        if ended.is_err() {
            let _ = execute(connection, "ROLLBACK").await;
        }
        written.and(ended)
    }

    /// Commits a batch and answers the caller of each job.
    async fn write(&mut self, batch: &mut Vec<WriteJob>) -> Result<(), FailedSync> {
        let (start, jobs) = (Instant::now(), batch.len());
        let mut finished_jobs = Vec::with_capacity(jobs);
        let mut committed = self.commit(batch, &mut finished_jobs).await;
        if committed.is_err() {
            // SQLite may have done it by itself. Whatever a failed commit has left behind, the
            // follower sees what is there.
            let _ = execute(&mut self.connection, "ROLLBACK").await;
            // A job that was not begun never is: its caller is told at once.
            batch.clear();
        }
        committed = committed.and(self.catch_up().await);
        if let Err(error) = &committed {
            self.checkup.note(error);
        }
        self.commits.count(jobs, start.elapsed(), committed.is_ok());
        let synced = FailedSync::check(&committed);
        let committed = committed.map_err(|error| {
            tracing::warn!(%error, "cannot write to the database");
            Unavailable::from(error)
        });
        for finished in finished_jobs {
            finished.answer(committed.clone());
        }
        synced?;
        // No caller waits for it. If it cannot be done, the `-wal` grows until the next time.
        FailedSync::check(&checkpoint_if_long(&mut self.connection).await)
    }

    /// A job that fails takes nothing with it. An error of SQLite itself does: it may have rolled back
    /// everything.
    async fn commit(
        &mut self,
        batch: &mut Vec<WriteJob>,
        finished_jobs: &mut Vec<FinishedJob>,
    ) -> Result<(), sqlx::Error> {
        let connection = &mut self.connection;
        execute(connection, "BEGIN IMMEDIATE").await?;
        for job in batch.drain(..) {
            job.run(connection, finished_jobs).await?;
        }
        self.files.check()?;
        execute(connection, "COMMIT").await
    }

    async fn catch_up(&mut self) -> Result<(), sqlx::Error> {
        let caught_up = self.follower.catch_up(&mut self.connection).await;
        caught_up.map_err(FollowError::into_sqlx)
    }
}

/// As it stands, past sqlx's own count of transactions: that goes wrong when SQLite rolls back by
/// itself, as it does when the disk is full.
async fn execute(connection: &mut SqlConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    query(sql).execute(connection).await.map(|_| ())
}

/// The writer could not be started.
#[derive(Debug, thiserror::Error)]
pub(in crate::store::database) enum StartWriterError {
    #[error(transparent)]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Follow(sqlx::Error),
}
