//! The writer with jobs that succeed and fail.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use service_runtime::metrics::Metrics;
use tokio::{sync::oneshot, time::timeout};

use super::{
    follow::{Follow, FollowError, NoFollower, Position},
    handle::Database,
    opening::Sharing,
};
use crate::store::{
    location::Location,
    sql::{SqlConnection, query},
    unavailable::Unavailable,
};

/// Counts how often it was told, and finds a row in each commit.
struct Counting(Arc<AtomicUsize>);

impl Follow for Counting {
    async fn catch_up(&mut self, connection: &mut SqlConnection) -> Result<(), FollowError> {
        let rows: i64 = query("SELECT count(*) FROM changes").fetch_one(connection).await?;
        self.0.store(usize::try_from(rows).unwrap(), Ordering::SeqCst);
        Ok(())
    }

    fn position(&self) -> Position {
        Position::default()
    }

    fn note_sessions(&self, _: i64) {}

    fn forget(&mut self) {}
}

async fn insert(connection: &mut SqlConnection) -> Result<(), Unavailable> {
    query("INSERT INTO changes (kind) VALUES ('user')").execute(connection).await?;
    Ok(())
}

async fn open() -> (Database, Arc<AtomicUsize>) {
    let followed = Arc::new(AtomicUsize::new(0));
    let follower = Counting(followed.clone());
    (Database::open(&Location::Memory, follower, Sharing::default()).await.unwrap(), followed)
}

#[tokio::test]
async fn a_failed_job_does_not_affect_the_others_of_its_batch() {
    let (database, followed) = open().await;
    let jobs = (0..100).map(|at| {
        database.write(async move |connection: &mut SqlConnection| {
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
async fn a_job_without_a_waiting_caller_is_still_done() {
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
    database
        .execute(
            "CREATE TABLE late (user INTEGER REFERENCES users (number)
                        DEFERRABLE INITIALLY DEFERRED)",
        )
        .await;
    let jobs = (0..10).map(|at| {
        database.write(async move |connection: &mut SqlConnection| {
            if at == 5 {
                query("INSERT INTO late VALUES (7)").execute(&mut *connection).await?;
            }
            insert(connection).await
        })
    });
    // They are of one batch: the writer is busy until all wait.
    let (busy, is_busy) = oneshot::channel();
    let (release, released) = oneshot::channel();
    let first = database.clone();
    let first = tokio::spawn(async move {
        let hold = async move |_: &mut SqlConnection| {
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

/// The caller of a job that was reported as not done may have done something else since.
#[tokio::test]
async fn a_job_of_a_failed_begin_is_not_done_later() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::File(directory.path().join("sso.db"));
    let followed = Arc::new(AtomicUsize::new(0));
    let database =
        Database::open(&location, Counting(followed.clone()), Sharing::default()).await.unwrap();
    let other = Database::open(&location, NoFollower, Sharing::default()).await.unwrap();
    let (holds, is_held) = oneshot::channel();
    let (release, released) = oneshot::channel();
    let holding = tokio::spawn(async move {
        let hold = async move |_: &mut SqlConnection| {
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

/// SQLite would go on, and acknowledged writes would be lost.
#[tokio::test]
async fn nothing_is_written_to_a_file_that_was_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sso.db");
    let database = Database::open(&Location::File(path.clone()), NoFollower, Sharing::default())
        .await
        .unwrap();
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
    let refused = async |_: &mut SqlConnection| Err::<(), _>(Unavailable::Silent);
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
async fn a_closed_writer_writes_no_more() {
    let (database, followed) = open().await;
    database.write(insert).await.unwrap();
    database.close().await;
    let result = database.write(insert).await;
    assert!(matches!(result, Err(Unavailable::Silent)), "{result:?}");
    assert_eq!(followed.load(Ordering::SeqCst), 1);
}
