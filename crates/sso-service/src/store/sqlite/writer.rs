//! The one writer: a thread with a connection of its own.
//!
//! A commit costs a write to the disk, however much it holds. So the writer takes all jobs that
//! wait, runs each behind a savepoint of its own, commits once and then answers all. While the
//! disk is busy with one lot the next one gathers: nobody waits for a timer.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use futures_util::future::LocalBoxFuture;
use sqlx::{Connection, SqliteConnection, query};
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    commits::Commits,
    files::DatabaseFiles,
    health::{Checkup, Health, probe},
};
use crate::store::unavailable::Unavailable;

/// How many jobs may wait. Whoever comes then waits to be let in.
const QUEUE: usize = 1024;
/// The most jobs of one commit.
const LARGEST_LOT: usize = 256;
/// How soon what another process wrote is heard of.
const POLL: Duration = Duration::from_millis(200);

/// Hears of every change, whoever made it.
pub(crate) trait Follow: Send + 'static {
    /// Looks at what has changed since the last call; at the first, at everything. Called before
    /// the database counts as open, after every commit before it is answered, and now and then.
    ///
    /// # Errors
    /// When the database cannot be read. What was missed is looked at the next time.
    async fn catch_up(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error>;
}

/// Who needs not hear of changes.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Follow for Nobody {
    async fn catch_up(&mut self, _: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        Ok(())
    }
}

/// Something to write, all or nothing. It runs on the writer's thread, so it need not be `Send`
/// once it has begun.
pub(super) struct Job(Run);

type Run = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> LocalBoxFuture<'c, Attempt> + Send>;

/// A job that ran.
struct Attempt {
    /// Whether what it wrote is to stay.
    keep: bool,
    /// Answers whoever waits, once it is known whether the lot was committed.
    answer: Box<dyn FnOnce(Result<(), Unavailable>)>,
}

impl Job {
    /// A job, and where its answer will come. If nobody waits for it, it is done all the same.
    pub(super) fn new<T, E, F>(work: F) -> (Self, oneshot::Receiver<Result<T, E>>)
    where
        F: AsyncFnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let run: Run = Box::new(|connection| {
            Box::pin(async move {
                let result = work(connection).await;
                Attempt {
                    keep: result.is_ok(),
                    answer: Box::new(move |committed| {
                        let _ = answer.send(committed.map_err(E::from).and(result));
                    }),
                }
            })
        });
        (Self(run), answered)
    }
}

/// What is to be written, in order. The writer ends when all senders are gone.
pub(super) type Jobs = mpsc::Sender<Job>;

/// Starts the writer. The follower has caught up when this returns; the receiver hears of the
/// writer's end.
pub(super) async fn start(
    connection: SqliteConnection,
    files: DatabaseFiles,
    follower: impl Follow,
    commits: Commits,
    health: Health,
) -> Result<(Jobs, oneshot::Receiver<()>), StartError> {
    let (jobs, waiting) = mpsc::channel(QUEUE);
    let (report, caught_up) = oneshot::channel();
    let (ended, end) = oneshot::channel();
    let runtime = runtime::Builder::new_current_thread().enable_time().build()?;
    let checkup = Checkup::of(health);
    let writer = Writer { connection, files, follower, waiting, commits, checkup };
    thread::Builder::new().name("writer".to_owned()).spawn(move || {
        runtime.block_on(writer.run(report));
        let _ = ended.send(());
    })?;
    match caught_up.await {
        Ok(caught_up) => caught_up.map(|()| (jobs, end)).map_err(StartError::Follow),
        Err(_) => Err(StartError::Thread(io::Error::other("the writer has ended"))),
    }
}

struct Writer<F> {
    connection: SqliteConnection,
    files: DatabaseFiles,
    follower: F,
    waiting: mpsc::Receiver<Job>,
    commits: Commits,
    checkup: Checkup,
}

impl<F: Follow> Writer<F> {
    async fn run(mut self, report: oneshot::Sender<Result<(), sqlx::Error>>) {
        let caught_up = self.catch_up().await;
        let failed = caught_up.is_err();
        if report.send(caught_up).is_err() || failed {
            return;
        }
        self.serve().await;
        // The last connection tidies up, so that the file is all there is to copy.
        let _ = self.connection.close().await;
    }

    async fn serve(&mut self) {
        let mut lot = Vec::new();
        loop {
            match timeout(POLL, self.waiting.recv_many(&mut lot, LARGEST_LOT)).await {
                Ok(0) => return,
                Ok(_) => self.write(&mut lot).await,
                Err(_elapsed) => self.poll().await,
            }
        }
    }

    async fn poll(&mut self) {
        if let Err(error) = self.catch_up().await {
            tracing::warn!(%error, "cannot look for changes of the database");
        }
        if self.checkup.is_due() {
            let probed = self.probe().await;
            self.checkup.finish(&probed);
        }
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

    /// Commits a lot and answers everyone in it.
    async fn write(&mut self, lot: &mut Vec<Job>) {
        let (start, jobs) = (Instant::now(), lot.len());
        let mut attempts = Vec::with_capacity(jobs);
        let mut committed = self.commit(lot, &mut attempts).await;
        if committed.is_err() {
            // SQLite may have done it by itself. Whatever a failed commit has left behind, the
            // follower sees what is there.
            let _ = execute(&mut self.connection, "ROLLBACK").await;
            // What was not begun never is: whoever waits for it hears so at once.
            lot.clear();
        }
        committed = committed.and(self.catch_up().await);
        self.checkup.note(&committed);
        self.commits.count(jobs, start.elapsed(), committed.is_ok());
        let committed = committed.map_err(|error| {
            tracing::warn!(%error, "cannot write to the database");
            Unavailable::from(error)
        });
        for attempt in attempts {
            (attempt.answer)(committed.clone());
        }
    }

    /// A job that fails takes nothing with it. An error of SQLite itself does: it may have rolled
    /// back everything.
    async fn commit(
        &mut self,
        lot: &mut Vec<Job>,
        attempts: &mut Vec<Attempt>,
    ) -> Result<(), sqlx::Error> {
        let connection = &mut self.connection;
        execute(connection, "BEGIN IMMEDIATE").await?;
        for Job(run) in lot.drain(..) {
            execute(connection, "SAVEPOINT job").await?;
            let attempt = run(connection).await;
            let keep = attempt.keep;
            attempts.push(attempt);
            if !keep {
                execute(connection, "ROLLBACK TO job").await?;
            }
            execute(connection, "RELEASE job").await?;
        }
        self.files.check()?;
        execute(connection, "COMMIT").await
    }

    async fn catch_up(&mut self) -> Result<(), sqlx::Error> {
        self.follower.catch_up(&mut self.connection).await
    }
}

/// As it stands, past sqlx's own count of transactions: that goes wrong when SQLite rolls back by
/// itself, as it does when the disk is full.
async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    query(sql).execute(connection).await.map(|_| ())
}

/// The writer could not be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error(transparent)]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Follow(sqlx::Error),
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use service_runtime::metrics::Metrics;
    use sqlx::query_scalar;

    use super::*;
    use crate::{
        store::{Database, Location},
        test_service::execute,
    };

    /// Counts how often it was told, and finds a row in each commit.
    struct Counting(Arc<AtomicUsize>);

    impl Follow for Counting {
        async fn catch_up(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
            let rows: i64 =
                query_scalar("SELECT count(*) FROM changes").fetch_one(connection).await?;
            self.0.store(usize::try_from(rows).unwrap(), Ordering::SeqCst);
            Ok(())
        }
    }

    async fn insert(connection: &mut SqliteConnection) -> Result<(), Unavailable> {
        query("INSERT INTO changes (kind) VALUES ('user')").execute(connection).await?;
        Ok(())
    }

    async fn open() -> (Database, Arc<AtomicUsize>) {
        let followed = Arc::new(AtomicUsize::new(0));
        let follower = Counting(followed.clone());
        (Database::open(&Location::Memory, follower).await.unwrap(), followed)
    }

    #[tokio::test]
    async fn a_job_that_fails_harms_no_other_of_its_lot() {
        let (database, followed) = open().await;
        let jobs = (0..100).map(|at| {
            database.write(async move |connection: &mut SqliteConnection| {
                insert(connection).await?;
                match at % 3 {
                    0 => Err(Unavailable::Silent),
                    1 => {
                        query("INSERT INTO nowhere VALUES (1)").execute(connection).await?;
                        Ok(())
                    }
                    _ => Ok(()),
                }
            })
        });
        let results = futures_util::future::join_all(jobs).await;
        for (at, result) in results.iter().enumerate() {
            assert_eq!(result.is_ok(), at % 3 == 2, "{at}: {result:?}");
        }
        assert_eq!(followed.load(Ordering::SeqCst), 33);
    }

    #[tokio::test]
    async fn a_job_is_done_also_if_nobody_waits_for_it() {
        let (database, followed) = open().await;
        let writing = database.write(insert);
        // Polled once, so that the job is on its way, and dropped.
        let _ = timeout(Duration::ZERO, writing).await;
        database.write(insert).await.unwrap();
        assert_eq!(followed.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_commit_that_fails_fails_for_all_and_leaves_nothing() {
        let (database, followed) = open().await;
        // Found out when it is committed, and not before.
        execute(
            &database,
            "CREATE TABLE late (user INTEGER REFERENCES users (number)
                            DEFERRABLE INITIALLY DEFERRED)",
        )
        .await;
        let jobs = (0..10).map(|at| {
            database.write(async move |connection: &mut SqliteConnection| {
                if at == 5 {
                    query("INSERT INTO late VALUES (7)").execute(&mut *connection).await?;
                }
                insert(connection).await
            })
        });
        // They are of one lot: the writer is busy until all wait.
        let (busy, is_busy) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let first = database.clone();
        let first = tokio::spawn(async move {
            let hold = async move |_: &mut SqliteConnection| {
                let _ = busy.send(());
                let _ = released.await;
                Ok::<_, Unavailable>(())
            };
            first.write(hold).await
        });
        is_busy.await.unwrap();
        let release = async { release.send(()) };
        let (results, _) = tokio::join!(futures_util::future::join_all(jobs), release);
        first.await.unwrap().unwrap();
        assert!(results.iter().all(Result::is_err), "{results:?}");
        assert_eq!(followed.load(Ordering::SeqCst), 0);
        database.write(insert).await.unwrap();
        assert_eq!(followed.load(Ordering::SeqCst), 1);
    }

    /// Whoever heard that it was not done may do something else since.
    #[tokio::test]
    async fn what_could_not_be_begun_is_not_done_later() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let followed = Arc::new(AtomicUsize::new(0));
        let database = Database::open(&location, Counting(followed.clone())).await.unwrap();
        let other = Database::open(&location, Nobody).await.unwrap();
        let (holds, is_held) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let holding = tokio::spawn(async move {
            let hold = async move |_: &mut SqliteConnection| {
                let _ = holds.send(());
                let _ = released.await;
                Ok::<_, Unavailable>(())
            };
            other.write(hold).await
        });
        is_held.await.unwrap();
        assert!(database.write(insert).await.is_err());
        let _ = release.send(());
        holding.await.unwrap().unwrap();
        database.write(insert).await.unwrap();
        assert_eq!(followed.load(Ordering::SeqCst), 1);
    }

    /// SQLite would go on, and what it acknowledges would be lost.
    #[tokio::test]
    async fn nothing_is_written_to_a_file_that_was_deleted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sso.db");
        let database = Database::open(&Location::File(path.clone()), Nobody).await.unwrap();
        database.write(insert).await.unwrap();
        assert!(database.is_healthy());
        std::fs::remove_file(&path).unwrap();
        database.write(insert).await.unwrap_err();
        assert!(!database.is_healthy());
    }

    #[tokio::test]
    async fn a_commit_is_counted_before_it_is_answered() {
        let (database, _) = open().await;
        let metrics = Metrics::default();
        database.show(&metrics);
        database.write(insert).await.unwrap();
        let refused = async |_: &mut SqliteConnection| Err::<(), _>(Unavailable::Silent);
        database.write(refused).await.unwrap_err();
        let text = metrics.render();
        // A job that is refused is no failure of the database.
        for line in [
            "store_commit_seconds_count 2",
            "store_commit_jobs_sum 2.0",
            "store_commit_failures_total 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}: {text}");
        }
    }

    #[tokio::test]
    async fn what_is_closed_writes_no_more() {
        let (database, followed) = open().await;
        database.write(insert).await.unwrap();
        database.close().await;
        let result = database.write(insert).await;
        assert!(matches!(result, Err(Unavailable::Silent)), "{result:?}");
        assert_eq!(followed.load(Ordering::SeqCst), 1);
    }
}
