//! The threads that hash passwords: few, so that log-ins can neither take all memory nor slow
//! down anything else, with a short queue before them.

use std::{
    io,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use service_runtime::metrics::Metrics;
use tokio::sync::oneshot;

use super::{
    password::Password,
    password_hash::{self, HashFault, HashMemory, PasswordHash, Verdict},
};

/// How many jobs may wait for each thread: about as many as it gets done within [`PATIENCE`].
const WAITING_PER_THREAD: usize = 100;
/// How long a job may wait before it is refused.
const PATIENCE: Duration = Duration::from_secs(2);
/// How far a hashing thread steps back behind those that answer requests.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Work for a thread, which lends its memory.
type Job = Box<dyn FnOnce(&mut HashMemory) + Send>;

/// Hashes passwords on threads of its own, which end when it is dropped.
#[derive(Debug)]
pub(crate) struct Hasher {
    /// `None` only while it is being dropped: the threads end when no sender is left.
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    patience: Duration,
    /// Jobs in the queue.
    waiting: Gauge,
    /// Passwords compared, for whatever reason.
    comparisons: Counter,
}

impl Hasher {
    /// Starts a thread for every core but one, and at least one.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(metrics: &Metrics) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = cores.saturating_sub(1).max(1);
        Self::with(threads, threads * WAITING_PER_THREAD, PATIENCE, metrics)
    }

    fn with(
        threads: usize,
        queue: usize,
        patience: Duration,
        metrics: &Metrics,
    ) -> io::Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(queue);
        let waiting = metrics.register(
            "password_queue_length",
            "Passwords that wait to be hashed",
            Gauge::default(),
        );
        let comparisons = metrics.register(
            "password_comparisons",
            "Passwords compared with a hash",
            Counter::default(),
        );
        let spawn = |_| spawn(receiver.clone(), waiting.clone());
        Ok(Self {
            threads: (0..threads).map(spawn).collect::<io::Result<_>>()?,
            jobs: Some(sender),
            patience,
            waiting,
            comparisons,
        })
    }

    /// Compares a password with a hash.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait already, or it did not get its turn in time.
    pub(crate) async fn verify(
        &self,
        password: Password,
        hash: PasswordHash,
    ) -> Result<Verdict, HashError> {
        let comparisons = self.comparisons.clone();
        self.perform(move |memory| {
            comparisons.inc();
            password_hash::verify(&password, &hash, memory)
        })
        .await?
        .map_err(HashError::Fault)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// As [`Hasher::verify`].
    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        self.perform(move |memory| password_hash::hash_password(&password, memory))
            .await?
            .map_err(HashError::Fault)
    }

    /// Has a thread do something, in turn. Whoever stops waiting for it cancels it, unless it has
    /// begun.
    async fn perform<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashMemory) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + self.patience;
        let job = move |memory: &mut HashMemory| {
            if reply.is_closed() {
                return;
            }
            let result =
                if Instant::now() < deadline { Ok(work(memory)) } else { Err(HashError::Busy) };
            // The caller may have gone meanwhile.
            let _ = reply.send(result);
        };
        self.enqueue(Box::new(job))?;
        answer.await.unwrap_or(Err(HashError::Lost))
    }

    fn enqueue(&self, job: Job) -> Result<(), HashError> {
        let jobs = self.jobs.as_ref().ok_or(HashError::Lost)?;
        // Counted before it is there: a thread may take it at once.
        self.waiting.inc();
        jobs.try_send(job).map_err(|_| {
            self.waiting.dec();
            HashError::Busy
        })
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // It catches what panics in it, so it ends well.
            let _ = thread.join();
        }
    }
}

fn spawn(jobs: Receiver<Job>, waiting: Gauge) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("hasher".to_owned()).spawn(move || {
        step_back();
        work_through(&jobs, &waiting);
    })
}

fn work_through(jobs: &Receiver<Job>, waiting: &Gauge) {
    let mut memory = HashMemory::default();
    for job in jobs {
        waiting.dec();
        // Memory that a panic left half filled is overwritten by the next hash. The caller learns
        // of it by the answer that never comes.
        let job = AssertUnwindSafe(|| job(&mut memory));
        if catch_unwind(job).is_err() {
            tracing::error!("a password could not be hashed: the thread panicked");
        }
    }
}

/// Lets the threads that answer requests go first. Only on Linux does `nice` concern the calling
/// thread alone. Where it is forbidden, hashing goes on as it is.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "hashing threads keep their priority");
    }
}

/// A password was neither hashed nor compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// Too many wait already, or it did not get its turn in time. Nothing was computed.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The stored hash is wrong, or the operating system gives no randomness.
    #[error(transparent)]
    Fault(HashFault),
    /// The thread panicked.
    #[error("the hashing thread gave no answer")]
    Lost,
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::mpsc;

    use super::*;

    impl Hasher {
        /// How many passwords have been compared.
        pub(crate) fn comparisons(&self) -> u64 {
            self.comparisons.get()
        }
    }

    /// One thread, and a queue of this length.
    fn hasher(queue: usize, patience: Duration) -> Hasher {
        Hasher::with(1, queue, patience, &Metrics::default()).unwrap()
    }

    const LONG: Duration = Duration::from_secs(3600);

    /// Occupies the hasher's only thread until the sender is dropped.
    fn occupy(hasher: &Hasher) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let job = move |_: &mut HashMemory| {
            begin.send(()).unwrap();
            let _ = released.recv();
        };
        hasher.enqueue(Box::new(job)).unwrap();
        begun.recv().unwrap();
        release
    }

    #[tokio::test]
    async fn what_was_hashed_is_verified() {
        let hasher = hasher(1, LONG);
        let password = || Password::normalise("correct horse battery").unwrap();
        let hash = hasher.hash(password()).await.unwrap();
        let verdict = hasher.verify(password(), hash).await.unwrap();
        assert_eq!(verdict, Verdict::Right);
        assert_eq!(hasher.comparisons(), 1);
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_at_once() {
        let hasher = hasher(1, LONG);
        let release = occupy(&hasher);
        hasher.enqueue(Box::new(|_| {})).unwrap();
        assert!(matches!(hasher.perform(|_| ()).await, Err(HashError::Busy)));
        assert_eq!(hasher.waiting.get(), 1);
        drop(release);
    }

    #[tokio::test]
    async fn a_job_whose_time_has_passed_is_not_begun() {
        let hasher = hasher(1, Duration::ZERO);
        let result = hasher.perform(|_| panic!("it was begun")).await;
        assert!(matches!(result, Err::<(), _>(HashError::Busy)));
    }

    #[tokio::test]
    async fn a_job_whose_caller_has_gone_is_not_begun() {
        let hasher = hasher(2, LONG);
        let release = occupy(&hasher);
        let (begin, begun) = mpsc::channel::<()>();
        let job = hasher.perform(move |_| begin.send(()).unwrap());
        // Polled once, it is in the queue; dropped, nobody waits for it.
        assert!(tokio::time::timeout(Duration::ZERO, job).await.is_err());
        assert_eq!(hasher.waiting.get(), 1);
        drop(release);
        drop(hasher); // the thread has worked through the queue
        assert!(begun.try_recv().is_err(), "it was begun");
    }

    #[tokio::test]
    async fn a_panic_costs_one_answer_and_no_thread() {
        let hasher = hasher(1, LONG);
        let lost = hasher.perform(|_| panic!("as this test wants it")).await;
        assert!(matches!(lost, Err::<(), _>(HashError::Lost)));
        assert!(matches!(hasher.perform(|_| 7).await, Ok(7)));
    }

    #[tokio::test]
    async fn a_wrong_hash_is_a_fault() {
        let hasher = hasher(1, LONG);
        let password = Password::normalise("x").unwrap();
        let hash = PasswordHash::stored("no hash".to_owned());
        let result = hasher.verify(password, hash).await;
        assert!(matches!(result, Err(HashError::Fault(_))), "{result:?}");
    }
}
