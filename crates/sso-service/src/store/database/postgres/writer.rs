//! The writer: a thread with a connection of its own.
//!
//! Among all instances one transaction writes at a time. Each begins by taking a lock, before any
//! snapshot: so rules are decided by rows that no other writer changes meanwhile, and the numbers of
//! changes are in the order of commits.

use std::{collections::VecDeque, io, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};
use tracing::error_span;

use super::{
    confirmer::{self, Confirmer, UnconfirmedCommit},
    connect::{connect, timed_out},
    looks::Looks,
    metrics::InstanceMetrics,
    server::PostgresServer,
    threads::spawn,
    time::since_boot,
};
use crate::store::{
    database::{
        commits::Commits,
        handle::Monitors,
        health::{HealthCheck, probe},
        write_job::{FinishedJob, LARGEST_BATCH, QUEUE, WriteJob, WriteJobs},
    },
    sql::{SqlConnection, query, run_script},
    unavailable::Unavailable,
};

/// Begins a transaction that writes. A writer that is stopped in the middle holds the others up for
/// two seconds at most.
pub(super) const BEGIN_WRITING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL lock_timeout = '2s';
    SET LOCAL statement_timeout = '2s';
    SET LOCAL idle_in_transaction_session_timeout = '2s';
    SELECT pg_advisory_xact_lock(7369625)";
/// How long a batch may hold the lock before the next job waits for the next batch.
const HOLD: Duration = Duration::from_millis(50);
/// How long a transaction may take.
const TRANSACTION_TIME: Duration = Duration::from_millis(2500);
/// How often an idle writer looks whether it can write.
const IDLE: Duration = Duration::from_secs(1);

/// Starts the writer. The receiver hears of its end.
///
/// # Errors
/// When there is no thread.
pub(in crate::store::database) fn start(
    server: PostgresServer,
    looks: Option<Looks>,
    metrics: InstanceMetrics,
    monitors: Monitors,
) -> io::Result<(WriteJobs, oneshot::Receiver<()>)> {
    let (jobs, waiting) = mpsc::channel(QUEUE);
    let (ended, end) = oneshot::channel();
    let Monitors { commits, health, .. } = monitors;
    let checkup = HealthCheck::of(health);
    spawn("writer", error_span!("writer"), async move || {
        let (confirmer, unconfirmed) = confirmer::queue();
        let confirming = Confirmer::new(server.clone(), metrics).run(unconfirmed);
        let (connection, queue) = (None, VecDeque::new());
        let writer =
            Writer { server, connection, queue, waiting, confirmer, looks, commits, checkup };
        tokio::join!(writer.run(), confirming);
        let _ = ended.send(());
    })?;
    Ok((jobs, end))
}

struct Writer {
    server: PostgresServer,
    connection: Option<SqlConnection>,
    /// Jobs that found no time in the last batch.
    queue: VecDeque<WriteJob>,
    waiting: mpsc::Receiver<WriteJob>,
    confirmer: mpsc::Sender<UnconfirmedCommit>,
    /// The looks of this instance; `None` in a command.
    looks: Option<Looks>,
    commits: Commits,
    checkup: HealthCheck,
}

impl Writer {
    async fn run(mut self) {
        loop {
            if self.queue.is_empty() {
                let mut batch = Vec::new();
                match timeout(IDLE, self.waiting.recv_many(&mut batch, LARGEST_BATCH)).await {
                    Ok(0) => break,
                    Ok(_) => self.queue.extend(batch),
                    Err(_elapsed) => {}
                }
            }
            if !self.queue.is_empty() {
                self.write().await;
            }
            // Also under load: no other success shows that a failure is over.
            self.check_health().await;
        }
        if let Some(connection) = self.connection {
            let _ = connection.close().await;
        }
    }

    async fn check_health(&mut self) {
        if self.checkup.is_due() {
            let probed = timeout(TRANSACTION_TIME, self.probe()).await;
            let probed = probed.unwrap_or_else(|_| Err(timed_out()));
            self.drop_connection_unless(probed.is_ok());
            self.checkup.finish(&probed);
        }
    }

    async fn probe(&mut self) -> Result<(), sqlx::Error> {
        let connection = self.connection().await?;
        run_script(connection, BEGIN_WRITING).await?;
        probe(connection).await?;
        run_script(connection, "COMMIT").await
    }

    /// Commits a batch. Its callers are answered by the confirmer, or here if it failed.
    async fn write(&mut self) {
        let (start, mut finished_jobs) = (Instant::now(), Vec::new());
        let committed = timeout(TRANSACTION_TIME, self.commit(&mut finished_jobs)).await;
        let committed = committed.unwrap_or_else(|_| Err(timed_out()));
        self.drop_connection_unless(committed.is_ok());
        self.commits.count(finished_jobs.len(), start.elapsed(), committed.is_ok());
        match committed {
            Ok(change) => self.answer_committed(change, finished_jobs).await,
            Err(error) => {
                self.checkup.note(&error);
                tracing::warn!(%error, "cannot write to the database");
                // A job that was not begun never is: its caller is told at once.
                self.queue.clear();
                let error = Unavailable::from(error);
                finished_jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
            }
        }
    }

    /// Runs the jobs that wait, and gives the number of the last change.
    async fn commit(&mut self, finished_jobs: &mut Vec<FinishedJob>) -> Result<i64, sqlx::Error> {
        self.connection().await?;
        let Some(connection) = &mut self.connection else {
            return Err(timed_out());
        };
        run_script(connection, BEGIN_WRITING).await?;
        let locked = Instant::now();
        while let Some(job) = self.queue.pop_front() {
            job.run(connection, finished_jobs).await?;
            if locked.elapsed() >= HOLD {
                break;
            }
        }
        let change = query("SELECT max(seq) FROM changes").fetch_one(connection).await?;
        run_script(connection, "NOTIFY sso_service_changes; COMMIT").await?;
        Ok(change)
    }

    /// Jobs that take nothing away are answered at once, the others when every instance knows.
    async fn answer_committed(&mut self, change: i64, finished_jobs: Vec<FinishedJob>) {
        let committed = since_boot();
        if let Some(looks) = &self.looks {
            looks.hasten();
        }
        let (unconfirmed, done): (Vec<_>, Vec<_>) =
            finished_jobs.into_iter().partition(FinishedJob::needs_confirmation);
        done.into_iter().for_each(|job| job.answer(Ok(())));
        if !unconfirmed.is_empty() {
            let commit = UnconfirmedCommit { change, committed, jobs: unconfirmed };
            // The confirmer outlives the writer.
            let _ = self.confirmer.send(commit).await;
        }
    }

    /// The connection, made anew if it is broken.
    async fn connection(&mut self) -> Result<&mut SqlConnection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.server).await?,
        };
        Ok(self.connection.insert(connection))
    }

    fn drop_connection_unless(&mut self, works: bool) {
        if !works {
            self.connection = None;
        }
    }
}
