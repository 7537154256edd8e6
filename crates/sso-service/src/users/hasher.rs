//! The threads that hash passwords: few, so that log-ins can neither take all memory nor slow
//! down anything else, with a short queue before them.

use std::{
    io,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{self, JoinHandle},
    time::Duration,
};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};
use service_runtime::metrics::Metrics;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{
    hash_queues::{Asker, Full, Queues, Turns},
    password::Password,
    password_hash::{self, HashFault, HashMemory, PasswordHash, Verdict},
};

/// How many jobs may wait for each thread in a queue: about as many as it gets done within [`PATIENCE`].
const WAITING_PER_THREAD: usize = 100;
/// How long anybody waits before the answer is that it cannot be told.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How far a hashing thread steps back behind those that answer requests.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Hashes passwords on threads of its own, which end when it is dropped.
#[derive(Debug)]
pub(crate) struct Hasher {
    /// `None` only while it is being dropped: the threads end with the queues.
    queues: Option<Queues>,
    threads: Vec<JoinHandle<()>>,
    /// Jobs in the queues.
    waiting: Gauge,
    /// How long they were there.
    waited: Histogram,
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
        Self::with(threads, threads * WAITING_PER_THREAD, metrics)
    }

    fn with(threads: usize, queue: usize, metrics: &Metrics) -> io::Result<Self> {
        let (queues, turns) = Queues::of(queue);
        let waiting = metrics.register(
            "password_queue_length",
            "Passwords that wait to be hashed",
            Gauge::default(),
        );
        let waited = metrics.register(
            "password_queue_wait_seconds",
            "Time that a password waited to be hashed",
            Histogram::new([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0]),
        );
        let comparisons = metrics.register(
            "password_comparisons",
            "Passwords compared with a hash",
            Counter::default(),
        );
        let spawn = |_| spawn(turns.clone(), waiting.clone());
        Ok(Self {
            threads: (0..threads).map(spawn).collect::<io::Result<_>>()?,
            queues: Some(queues),
            waiting,
            waited,
            comparisons,
        })
    }

    /// Whether whoever is not known would be sent away now.
    pub(crate) fn is_closed_to_strangers(&self) -> bool {
        self.queues.as_ref().is_none_or(Queues::are_closed_to_strangers)
    }

    /// Compares a password with a hash.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait already, in all or of one network, or it does not
    /// get its turn before the deadline.
    pub(crate) async fn verify(
        &self,
        password: Password,
        hash: PasswordHash,
        asker: Asker,
        deadline: Instant,
    ) -> Result<Verdict, HashError> {
        let comparisons = self.comparisons.clone();
        let work = move |memory: &mut HashMemory| {
            comparisons.inc();
            password_hash::verify(&password, &hash, memory)
        };
        self.perform(asker, deadline, work).await?.map_err(HashError::Fault)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// As [`Hasher::verify`].
    pub(crate) async fn hash(
        &self,
        password: Password,
        asker: Asker,
        deadline: Instant,
    ) -> Result<PasswordHash, HashError> {
        let work = move |memory: &mut HashMemory| password_hash::hash_password(&password, memory);
        self.perform(asker, deadline, work).await?.map_err(HashError::Fault)
    }

    /// Has a thread do something, in turn. Whoever stops waiting for it cancels it, unless it has
    /// begun.
    async fn perform<T: Send + 'static>(
        &self,
        asker: Asker,
        deadline: Instant,
        work: impl FnOnce(&mut HashMemory) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let queues = self.queues.as_ref().ok_or(HashError::Lost)?;
        let place = queues.take_place(asker).map_err(|Full| HashError::Busy)?;
        let (begin, begun) = oneshot::channel();
        let (reply, answer) = oneshot::channel();
        let job = move |memory: &mut HashMemory| {
            drop(place);
            // Nobody waits for it any more, for lack of time or of interest.
            if begin.send(()).is_err() {
                return;
            }
            // The caller may have gone meanwhile.
            let _ = reply.send(work(memory));
        };
        let enqueued = Instant::now();
        // Counted before it is there: a thread may take it at once.
        self.waiting.inc();
        if queues.enqueue(asker, Box::new(job)).is_err() {
            self.waiting.dec();
            return Err(HashError::Busy);
        }
        // Asked for by the caller and not by the thread, which may be held up itself.
        let begun = timeout_at(deadline, begun).await.map_err(|_| HashError::Busy)?;
        begun.map_err(|_| HashError::Lost)?;
        self.waited.observe(enqueued.elapsed().as_secs_f64());
        answer.await.map_err(|_| HashError::Lost)
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.queues = None;
        for thread in self.threads.drain(..) {
            // It catches what panics in it, so it ends well.
            let _ = thread.join();
        }
    }
}

fn spawn(turns: Turns, waiting: Gauge) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("hasher".to_owned()).spawn(move || {
        step_back();
        work_through(turns, &waiting);
    })
}

fn work_through(turns: Turns, waiting: &Gauge) {
    let mut memory = HashMemory::default();
    for job in turns {
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
    use std::sync::{Arc, mpsc};

    use super::{super::hash_queues::Job, *};
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

    /// One thread, and a queue of this length.
    fn hasher(queue: usize) -> Hasher {
        Hasher::with(1, queue, &Metrics::default()).unwrap()
    }

    fn long() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    fn stranger(number: u8) -> Asker {
        Asker::Stranger(test_network(number))
    }

    fn enqueue(hasher: &Hasher, job: Job) {
        hasher.waiting.inc();
        hasher.queues.as_ref().unwrap().enqueue(Asker::Service, job).unwrap();
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
    async fn what_was_hashed_is_verified() {
        let hasher = hasher(1);
        let password = || Password::normalise("correct horse battery").unwrap();
        let hash = hasher.hash(password(), Asker::Service, long()).await.unwrap();
        let verdict = hasher.verify(password(), hash, stranger(1), long()).await.unwrap();
        assert_eq!(verdict, Verdict::Right);
        assert_eq!(hasher.comparisons(), 1);
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_at_once() {
        let hasher = hasher(1);
        let release = occupy(&hasher);
        enqueue(&hasher, Box::new(|_| {}));
        assert!(matches!(
            hasher.perform(Asker::Service, long(), |_| ()).await,
            Err(HashError::Busy)
        ));
        assert_eq!(hasher.waiting.get(), 1);
        drop(release);
    }

    /// However long the thread is held up by another job.
    #[tokio::test(start_paused = true)]
    async fn a_job_whose_time_has_passed_is_answered_and_not_begun() {
        let hasher = hasher(1);
        let release = occupy(&hasher);
        let (begin, begun) = mpsc::channel::<()>();
        let began = Instant::now();
        let work = move |_: &mut HashMemory| begin.send(()).unwrap();
        let result = hasher.perform(Asker::Service, began + PATIENCE, work).await;
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
            let (password, hash) = (Password::default(), PasswordHash::nobodys());
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
        assert_eq!(other.await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_job_whose_caller_has_gone_is_not_begun() {
        let hasher = hasher(2);
        let release = occupy(&hasher);
        let (begin, begun) = mpsc::channel::<()>();
        let job = hasher.perform(Asker::Service, long(), move |_| begin.send(()).unwrap());
        // Polled once, it is in the queue; dropped, nobody waits for it.
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
            hasher.perform(Asker::Service, long(), |_| panic!("as this test wants it")).await;
        assert!(matches!(lost, Err::<(), _>(HashError::Lost)));
        assert!(matches!(hasher.perform(Asker::Service, long(), |_| 7).await, Ok(7)));
    }

    #[tokio::test]
    async fn a_wrong_hash_is_a_fault() {
        let hasher = hasher(1);
        let password = Password::normalise("x").unwrap();
        let hash = PasswordHash::stored("no hash".to_owned());
        let result = hasher.verify(password, hash, stranger(1), long()).await;
        assert!(matches!(result, Err(HashError::Fault(_))), "{result:?}");
    }
}
