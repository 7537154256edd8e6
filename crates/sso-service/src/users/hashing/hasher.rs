//! The threads that hash passwords: few, so that log-ins can neither take all memory nor slow
//! down anything else, with a short queue before them.

#[cfg(test)]
pub(crate) mod hasher_tests;

use std::{
    io,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{self, JoinHandle},
    time::Duration,
};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};
use service_runtime::{metrics::Metrics, telemetry::RequestSpan};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};
use tracing::error_span;

use super::{
    hash_queues::{HashQueueReceiver, HashQueues, HashRequester, QueueFull},
    password_hash::{self, HashFault, HashMemory, PasswordHash, PasswordVerdict},
};
use crate::users::password::Password;

/// How many jobs may wait for each thread in a queue: about as many as it gets done within
/// [`PATIENCE`].
const WAITING_PER_THREAD: usize = 100;
/// How long a request waits before it is refused as busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How far a hashing thread steps back behind those that answer requests.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Hashes passwords on threads of its own, which end when it is dropped.
#[derive(Debug)]
pub(crate) struct Hasher {
    /// `None` only while it is being dropped: the threads end with the queues.
    queues: Option<HashQueues>,
    threads: Vec<JoinHandle<()>>,
    /// In a simulation, in place of threads: a job runs as soon as it is in a queue.
    #[cfg(feature = "simulation")]
    inline: Option<HashQueueReceiver>,
    /// Jobs in the queues.
    waiting: Gauge,
    /// How long they were there.
    waited: Histogram,
    /// Passwords verified, for any reason.
    comparisons: Counter,
}

impl Hasher {
    /// Starts a thread for every core but one, and at least one.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(metrics: &Metrics) -> io::Result<Self> {
        #[cfg(feature = "simulation")]
        if service_runtime::simulation::world().is_some() {
            return Self::with(0, WAITING_PER_THREAD, metrics);
        }
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = cores.saturating_sub(1).max(1);
        Self::with(threads, threads * WAITING_PER_THREAD, metrics)
    }

    fn with(threads: usize, queue: usize, metrics: &Metrics) -> io::Result<Self> {
        let (queues, turns) = HashQueues::of(queue);
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
        let spawn = |number| spawn(number, turns.clone(), waiting.clone());
        Ok(Self {
            threads: (0..threads).map(spawn).collect::<io::Result<_>>()?,
            #[cfg(feature = "simulation")]
            inline: (threads == 0).then_some(turns),
            queues: Some(queues),
            waiting,
            waited,
            comparisons,
        })
    }

    /// Whether an unknown client would be refused now.
    pub(crate) fn refuses_strangers(&self) -> bool {
        self.queues.as_ref().is_none_or(HashQueues::refuse_strangers)
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
        requester: HashRequester,
        deadline: Instant,
    ) -> Result<PasswordVerdict, HashError> {
        let comparisons = self.comparisons.clone();
        let work = move |memory: &mut HashMemory| {
            comparisons.inc();
            password_hash::verify(&password, &hash, memory)
        };
        self.perform(requester, deadline, work).await?.map_err(HashError::Fault)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// As [`Hasher::verify`].
    pub(crate) async fn hash(
        &self,
        password: Password,
        requester: HashRequester,
        deadline: Instant,
    ) -> Result<PasswordHash, HashError> {
        let work = move |memory: &mut HashMemory| password_hash::hash_password(&password, memory);
        self.perform(requester, deadline, work).await?.map_err(HashError::Fault)
    }

    /// Runs a job on a hashing thread, in turn. Dropping the future cancels a job that has not
    /// begun.
    async fn perform<T: Send + 'static>(
        &self,
        requester: HashRequester,
        deadline: Instant,
        work: impl FnOnce(&mut HashMemory) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let queues = self.queues.as_ref().ok_or(HashError::Lost)?;
        let place = queues.take_place(requester).map_err(|QueueFull| HashError::Busy)?;
        let (begin, begun) = oneshot::channel();
        let (reply, answer) = oneshot::channel();
        let span = RequestSpan::current();
        let job = move |memory: &mut HashMemory| {
            drop(place);
            // Its caller does not wait for it any more.
            if begin.send(()).is_err() {
                return;
            }
            span.in_scope(|| {
                // The caller learns of a panic by the answer that never comes, and may have gone
                // meanwhile. Memory that a panic left half filled is overwritten by the next hash.
                match catch_unwind(AssertUnwindSafe(|| work(memory))) {
                    Ok(done) => drop(reply.send(done)),
                    Err(_) => {
                        tracing::error!("a password could not be hashed: the thread panicked");
                    }
                }
            });
        };
        let enqueued = Instant::now();
        // Counted before it is there: a thread may take it at once.
        self.waiting.inc();
        if queues.enqueue(requester, Box::new(job)).is_err() {
            self.waiting.dec();
            return Err(HashError::Busy);
        }
        #[cfg(feature = "simulation")]
        self.run_inline();
        // Asked for by the caller and not by the thread, which may be held up itself.
        let begun = timeout_at(deadline, begun).await.map_err(|_| HashError::Busy)?;
        begun.map_err(|_| HashError::Lost)?;
        self.waited.observe(enqueued.elapsed().as_secs_f64());
        answer.await.map_err(|_| HashError::Lost)
    }
}

#[cfg(feature = "simulation")]
impl Hasher {
    fn run_inline(&self) {
        if let Some(job) = self.inline.clone().and_then(|mut turns| turns.next()) {
            self.waiting.dec();
            job(&mut HashMemory::default());
        }
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.queues = None;
        for thread in self.threads.drain(..) {
            // It catches panics of its jobs, so it ends well.
            let _ = thread.join();
        }
    }
}

fn spawn(number: usize, turns: HashQueueReceiver, waiting: Gauge) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("hasher".to_owned()).spawn(move || {
        error_span!("hasher", thread = number).in_scope(|| {
            lower_priority();
            run_jobs(turns, &waiting);
        });
    })
}

fn run_jobs(turns: HashQueueReceiver, waiting: &Gauge) {
    let mut memory = HashMemory::default();
    for job in turns {
        waiting.dec();
        job(&mut memory);
    }
}

/// Lets the threads that answer requests go first. Only on Linux does `nice` concern the calling
/// thread alone. Where it is forbidden, hashing goes on as it is.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "cannot lower the priority of hashing threads");
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
