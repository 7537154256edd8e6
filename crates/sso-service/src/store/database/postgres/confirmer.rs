//! Waiting until every instance has a commit in its memory, before its writers are answered.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{
    connect::timed_out,
    instances::{InstanceRow, SharedDatabase},
    metrics::InstanceMetrics,
    time::since_boot,
};
use crate::store::{database::write_job::FinishedJob, unavailable::Unavailable};

/// How many commits may wait. The writer waits for a place.
const WAITING: usize = 1024;
/// How much longer than its lease an instance is waited for: clocks run at slightly different
/// speeds.
const MARGIN: Duration = Duration::from_millis(250);
/// How long a commit may wait while the instances cannot be read.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long reading the instances may take.
const READ_TIME: Duration = Duration::from_secs(1);
/// How long marking instances as expired may take. Commits wait meanwhile.
const WRITE_TIME: Duration = Duration::from_secs(1);
/// The pause between two looks at the instances.
const PAUSE: Duration = Duration::from_millis(2);

/// A commit whose jobs are not answered yet.
pub(super) struct UnconfirmedCommit {
    /// The last change of the commit.
    pub(super) change: i64,
    /// When the commit was known to be made, since boot.
    pub(super) committed: Duration,
    pub(super) jobs: Vec<FinishedJob>,
}

/// The commits that wait to be confirmed.
pub(super) type UnconfirmedCommits = mpsc::Receiver<UnconfirmedCommit>;

/// The queue of a confirmer.
pub(super) fn queue() -> (mpsc::Sender<UnconfirmedCommit>, UnconfirmedCommits) {
    mpsc::channel(WAITING)
}

/// Answers commits when they are in force on every instance.
pub(super) struct Confirmer<S: SharedDatabase> {
    server: S,
    connection: Option<S::Connection>,
    metrics: InstanceMetrics,
}

impl<S: SharedDatabase> Confirmer<S> {
    pub(super) fn new(server: S, metrics: InstanceMetrics) -> Self {
        Self { server, connection: None, metrics }
    }

    /// Goes on until all senders are gone and every commit is answered.
    pub(super) async fn run(mut self, mut received: UnconfirmedCommits) {
        let mut waiting = Vec::new();
        while received.recv_many(&mut waiting, WAITING).await > 0 {
            while !waiting.is_empty() {
                self.settle(&mut waiting).await;
                while let Ok(commit) = received.try_recv() {
                    waiting.push(commit);
                }
            }
        }
    }

    /// Answers the commits that every instance has confirmed, or that cannot be confirmed.
    async fn settle(&mut self, waiting: &mut Vec<UnconfirmedCommit>) {
        let read = timeout(READ_TIME, self.read()).await;
        match read.unwrap_or_else(|_| Err(timed_out())) {
            Ok(instances) => {
                let waited_out = self.answer_confirmed(waiting, &instances);
                // A stopped instance may hold its row.
                let expired = timeout(WRITE_TIME, self.expire(waited_out)).await;
                if let Err(error) = expired.unwrap_or_else(|_| Err(timed_out())) {
                    tracing::warn!(%error, "cannot expire an instance");
                    self.connection = None;
                }
            }
            Err(error) => {
                self.connection = None;
                give_up(waiting, &Unavailable::from(error));
            }
        }
        if !waiting.is_empty() {
            sleep(PAUSE).await;
        }
    }

    fn answer_confirmed(
        &self,
        waiting: &mut Vec<UnconfirmedCommit>,
        instances: &[InstanceRow],
    ) -> Vec<(String, i64)> {
        let mut waited_out = Vec::new();
        let confirmed = waiting.extract_if(.., |commit| {
            let waited = since_boot().saturating_sub(commit.committed);
            let behind = instances.iter().filter(|instance| instance.applied < commit.change);
            let (over, holding): (Vec<_>, Vec<_>) =
                behind.partition(|instance| waited >= instance.stale_max + MARGIN);
            waited_out.extend(over.iter().map(|instance| (instance.id.clone(), commit.change)));
            holding.is_empty()
        });
        for commit in confirmed {
            let waited = since_boot().saturating_sub(commit.committed);
            self.metrics.count_wait(waited, instances.len());
            answer(commit, &Ok(()));
        }
        waited_out
    }

    async fn read(&mut self) -> Result<Vec<InstanceRow>, sqlx::Error> {
        S::unexpired(self.connection().await?).await
    }

    async fn expire(&mut self, waited_out: Vec<(String, i64)>) -> Result<(), sqlx::Error> {
        for (id, change) in waited_out {
            S::expire(self.connection().await?, &id, change).await?;
            tracing::warn!(instance = id, "an instance did not confirm in time: it has expired");
        }
        Ok(())
    }

    async fn connection(&mut self) -> Result<&mut S::Connection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.server.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }
}

/// It is not known which instances there are: answers those that have waited long enough.
fn give_up(waiting: &mut Vec<UnconfirmedCommit>, error: &Unavailable) {
    let too_long =
        |commit: &mut UnconfirmedCommit| since_boot().saturating_sub(commit.committed) >= PATIENCE;
    for commit in waiting.extract_if(.., too_long) {
        answer(commit, &Err(error.clone()));
    }
}

fn answer(commit: UnconfirmedCommit, outcome: &Result<(), Unavailable>) {
    for job in commit.jobs {
        job.answer(outcome.clone());
    }
}
