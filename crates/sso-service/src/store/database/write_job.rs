//! Jobs for a writer, each all or nothing.

use futures_util::future::LocalBoxFuture;
use service_runtime::telemetry::RequestSpan;
use tokio::sync::{mpsc, oneshot};

use crate::store::{
    sql::{SqlConnection, query},
    unavailable::Unavailable,
};

/// How many jobs may wait. Further callers wait for a place.
pub(super) const QUEUE: usize = 1024;
/// The greatest number of jobs in one commit.
pub(super) const LARGEST_BATCH: usize = 256;

/// The sender of jobs, which are written in order. The writer ends when all senders are gone.
pub(super) type WriteJobs = mpsc::Sender<WriteJob>;

/// Something to write, all or nothing. It runs on the writer's thread, so it need not be `Send`
/// once it has begun.
pub(super) struct WriteJob(Run);

/// What a job does to those who rely on the present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It only adds: an instance that does not know of it yet looks before it says no.
    Adds,
    /// It may take something away: it is answered when no instance goes by the state before it.
    Changes,
}

type Run = Box<dyn for<'c> FnOnce(&'c mut SqlConnection) -> LocalBoxFuture<'c, FinishedJob> + Send>;

/// A job that ran.
pub(super) struct FinishedJob {
    /// Whether its writes are kept.
    keep: bool,
    effect: Effect,
    /// Answers the caller, once it is known whether the batch was committed.
    answer: Box<dyn FnOnce(Result<(), Unavailable>) + Send>,
}

impl WriteJob {
    /// A job, and the receiver of its answer. It runs also if its caller does not wait for it.
    pub(super) fn new<T, E, F>(effect: Effect, work: F) -> (Self, oneshot::Receiver<Result<T, E>>)
    where
        F: AsyncFnOnce(&mut SqlConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let span = RequestSpan::current();
        let run: Run = Box::new(move |connection| {
            Box::pin(async move {
                let result = span.instrument(work(connection)).await;
                FinishedJob {
                    keep: result.is_ok(),
                    effect,
                    answer: Box::new(move |committed| {
                        let _ = answer.send(committed.map_err(E::from).and(result));
                    }),
                }
            })
        });
        (Self(run), answered)
    }

    /// Runs it behind a savepoint: a job that fails takes nothing with it.
    ///
    /// # Errors
    /// When the database fails. That concerns the whole batch: it may have rolled back everything.
    pub(super) async fn run(
        self,
        connection: &mut SqlConnection,
        finished_jobs: &mut Vec<FinishedJob>,
    ) -> Result<(), sqlx::Error> {
        query("SAVEPOINT job").execute(connection).await?;
        let finished = (self.0)(connection).await;
        let keep = finished.keep;
        finished_jobs.push(finished);
        if !keep {
            query("ROLLBACK TO job").execute(connection).await?;
        }
        query("RELEASE job").execute(connection).await?;
        Ok(())
    }
}

impl FinishedJob {
    /// Whether its caller is answered only when every instance knows of all that was committed. That
    /// also holds for a job that was refused: it may have found what another one has just done.
    pub(super) fn needs_confirmation(&self) -> bool {
        self.effect == Effect::Changes
    }

    /// Answers its caller.
    pub(super) fn answer(self, committed: Result<(), Unavailable>) {
        (self.answer)(committed);
    }
}

#[cfg(test)]
impl FinishedJob {
    /// A job that has changed something, and the receiver of its answer.
    pub(super) fn that_waits() -> (Self, oneshot::Receiver<Result<(), Unavailable>>) {
        let (sender, answered) = oneshot::channel();
        let answer = Box::new(move |committed| {
            let _ = sender.send(committed);
        });
        (Self { keep: true, effect: Effect::Changes, answer }, answered)
    }
}
