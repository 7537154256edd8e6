//! The hashing threads and their queues.

use std::sync::{Arc, mpsc};

use super::{super::hash_queues::HashJob, *};
use crate::network::test_network;

impl Hasher {
    /// How many passwords have been compared.
    pub(crate) fn comparisons(&self) -> u64 {
        self.comparisons.get()
    }
}

/// A hasher without room for strangers until the sender is dropped.
pub(crate) fn closed_to_strangers() -> (Hasher, mpsc::Sender<()>) {
    let hasher = hasher(1);
    let release = occupy(&hasher);
    hasher.waiting.inc();
    hasher.queues.as_ref().unwrap().enqueue(stranger(1), Box::new(|_| ())).unwrap();
    (hasher, release)
}

/// A hasher with room in its queues, whose thread is held up until the sender is dropped.
pub(crate) fn held_up() -> (Hasher, mpsc::Sender<()>) {
    let hasher = hasher(4);
    let release = occupy(&hasher);
    (hasher, release)
}

/// One thread, and a queue of this length.
fn hasher(queue: usize) -> Hasher {
    Hasher::with(1, queue, &Metrics::default()).unwrap()
}

fn long() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

fn stranger(number: u8) -> HashRequester {
    HashRequester::Stranger(test_network(number))
}

fn enqueue(hasher: &Hasher, job: HashJob) {
    hasher.waiting.inc();
    hasher.queues.as_ref().unwrap().enqueue(HashRequester::Service, job).unwrap();
}

/// Occupies the hasher's only thread until the sender is dropped.
fn occupy(hasher: &Hasher) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let job = move |_: &mut HashMemory| {
        begin.send(()).unwrap();
        let _ = released.recv();
    };
    enqueue(hasher, Box::new(job));
    begun.recv().unwrap();
    release
}

#[tokio::test]
async fn a_hashed_password_verifies() {
    let hasher = hasher(1);
    let password = || Password::normalise("correct horse battery").unwrap();
    let hash = hasher.hash(password(), HashRequester::Service, long()).await.unwrap();
    let verdict = hasher.verify(password(), hash, stranger(1), long()).await.unwrap();
    assert_eq!(verdict, PasswordVerdict::Right);
    assert_eq!(hasher.comparisons(), 1);
}

#[tokio::test]
async fn a_full_queue_is_busy_at_once() {
    let hasher = hasher(1);
    let release = occupy(&hasher);
    enqueue(&hasher, Box::new(|_| {}));
    assert!(matches!(
        hasher.perform(HashRequester::Service, long(), |_| ()).await,
        Err(HashError::Busy)
    ));
    assert_eq!(hasher.waiting.get(), 1);
    drop(release);
}

/// However long the thread is held up by another job.
#[tokio::test(start_paused = true)]
async fn a_job_past_its_deadline_is_answered_and_not_started() {
    let hasher = hasher(1);
    let release = occupy(&hasher);
    let (begin, begun) = mpsc::channel::<()>();
    let began = Instant::now();
    let work = move |_: &mut HashMemory| begin.send(()).unwrap();
    let result = hasher.perform(HashRequester::Service, began + PATIENCE, work).await;
    assert!(matches!(result, Err(HashError::Busy)));
    assert!(began.elapsed() < PATIENCE + Duration::from_millis(500));
    drop(release);
    drop(hasher); // the thread has worked through the queue
    assert!(begun.try_recv().is_err(), "it was begun");
}

#[tokio::test]
async fn one_network_does_not_fill_the_queue() {
    let hasher = Arc::new(hasher(8));
    let release = occupy(&hasher);
    let verify = |number| {
        let hasher = hasher.clone();
        let (password, hash) = (Password::default(), PasswordHash::dummy());
        async move { hasher.verify(password, hash, stranger(number), long()).await }
    };
    let mut waiting: Vec<_> = (0..20).map(|_| Box::pin(verify(1))).collect();
    let mut shed = 0;
    for attempt in &mut waiting {
        if let Ok(result) = tokio::time::timeout(Duration::ZERO, attempt).await {
            assert!(matches!(result, Err(HashError::Busy)), "{result:?}");
            shed += 1;
        }
    }
    assert_eq!((shed, hasher.waiting.get()), (16, 4));
    let mut other = Box::pin(verify(2));
    assert!(tokio::time::timeout(Duration::ZERO, &mut other).await.is_err());
    assert_eq!(hasher.waiting.get(), 5);
    drop(release);
    assert_eq!(other.await.unwrap(), PasswordVerdict::Wrong);
}

#[tokio::test]
async fn a_job_without_a_caller_is_not_started() {
    let hasher = hasher(2);
    let release = occupy(&hasher);
    let (begin, begun) = mpsc::channel::<()>();
    let job = hasher.perform(HashRequester::Service, long(), move |_| begin.send(()).unwrap());
    // Polled once, it is in the queue; dropped, it has no caller.
    assert!(tokio::time::timeout(Duration::ZERO, job).await.is_err());
    assert_eq!(hasher.waiting.get(), 1);
    drop(release);
    drop(hasher); // the thread has worked through the queue
    assert!(begun.try_recv().is_err(), "it was begun");
}

#[tokio::test]
async fn a_panic_costs_one_answer_and_no_thread() {
    let hasher = hasher(1);
    let lost =
        hasher.perform(HashRequester::Service, long(), |_| panic!("as this test wants it")).await;
    assert!(matches!(lost, Err::<(), _>(HashError::Lost)));
    assert!(matches!(hasher.perform(HashRequester::Service, long(), |_| 7).await, Ok(7)));
}

#[tokio::test]
async fn a_wrong_hash_is_a_fault() {
    let hasher = hasher(1);
    let password = Password::normalise("x").unwrap();
    let hash = PasswordHash::stored("no hash".to_owned());
    let result = hasher.verify(password, hash, stranger(1), long()).await;
    assert!(matches!(result, Err(HashError::Fault(_))), "{result:?}");
}
