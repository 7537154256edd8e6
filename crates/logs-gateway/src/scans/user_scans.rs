//! Runs scans on threads of their own, each when its turn comes.

mod beside;

use std::{io, rc::Rc, sync::Arc, time::Duration};

use pod_logs::{ReadingCost, pace::at_pace};
use service_runtime::{metrics::Metrics, telemetry::RequestSpan};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};

use super::{
    fair_queue::{QueueFull, QueueLimits},
    schedule::Schedule,
    turn::QueuedScan,
};

/// Logs up to this size, in bytes, are read at once where they are asked for.
const INLINE_BYTES: u64 = 64 * 1024;
/// How many chunks are read ahead, over all streams: with more readers than that there is always
/// another one to read for.
const MAX_READ_AHEAD: usize = 8;
/// How many scans hold a thread at least, which most of them do while they wait for their next
/// turn.
const MIN_THREADS: usize = 128;
/// Which part of the threads one user may hold at least.
const USER_SHARE: usize = 8;
/// How many scans of a user may wait when a request begins another one: more than a user may read
/// logs by default.
const MAX_WAITING: usize = 64;
/// How long a request waits for the first turn of its scan.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// How long a thread lives without work.
const IDLE_THREAD: Duration = Duration::from_secs(10);

/// Runs reads that take longer than a hand-over to another thread.
#[derive(Debug)]
pub(crate) struct Scans {
    schedule: Arc<Schedule>,
    /// The threads that read files, apart from those of requests. Tasks that keep followed logs up
    /// to date run on it, too.
    threads: Option<Runtime>,
    ahead: Arc<Semaphore>,
}

/// The scans of one user.
#[derive(Debug, Clone)]
pub(crate) struct UserScans {
    scans: Arc<Scans>,
    user: Arc<str>,
}

/// Why a scan has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    /// The user has to wait for scans of the same user.
    #[error("other reads of the same user use up its share")]
    TooMany,
    /// The user has to wait for other users.
    #[error("too much is being read by others")]
    Busy,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Scans {
    /// Lets so many scans run at once.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn new(max_running: usize) -> io::Result<Arc<Self>> {
        let most = MIN_THREADS.max(4 * max_running);
        let limits = QueueLimits {
            running: max_running,
            threads: most,
            threads_per_user: max_running.max(most / USER_SHARE),
        };
        let threads = Builder::new_multi_thread()
            .enable_time()
            .max_blocking_threads(most)
            .thread_keep_alive(IDLE_THREAD)
            .thread_name("log-files")
            .build()?;
        Ok(Arc::new(Self {
            schedule: Arc::new(Schedule::new(limits)),
            threads: Some(threads),
            ahead: Arc::new(Semaphore::new(MAX_READ_AHEAD)),
        }))
    }

    /// Shows how many scans there are.
    pub(crate) fn register(&self, metrics: &Metrics) {
        let [running, waiting, begun] = [(); 3].map(|()| self.schedule.clone());
        metrics.observe_gauge("logs_scans_running", "Scans that have a turn", move || {
            running.load().running
        });
        metrics.observe_gauge("logs_scans_waiting", "Scans that wait for a turn", move || {
            waiting.load().waiting
        });
        metrics.observe_counter("logs_scans", "Scans that were begun", move || begun.load().begun);
    }

    pub(crate) fn of_user(self: &Arc<Self>, user: impl Into<Arc<str>>) -> UserScans {
        UserScans { scans: self.clone(), user: user.into() }
    }
}

impl Drop for Scans {
    fn drop(&mut self) {
        // Waits for nothing: this may be on an event loop.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

impl UserScans {
    /// Does what costs that much: here and at once if it is little, else as [`request`].
    ///
    /// # Errors
    /// When the turn did not come in time, or when the work fails.
    ///
    /// [`request`]: Self::request
    pub(crate) async fn request_costing<T: Send + 'static>(
        &self,
        cost: ReadingCost,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ScanError> {
        // Boxed, as below, so that answers that do not need it have no room for it.
        if is_little(cost) { Ok(work()) } else { Box::pin(self.request(work)).await }
    }

    /// Does work on another thread when the user's turn comes, for which a request waits 10 s at
    /// most. Tasks that the work spawns run on such threads too.
    ///
    /// # Errors
    /// When the turn did not come in time, or when the work fails.
    pub(crate) async fn request<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ScanError> {
        let (wanted, turn) = self.enqueue(MAX_WAITING)?;
        if timeout(MAX_WAIT, turn).await.is_err() {
            let is_own_fault = self.scans.schedule.has_others(wanted.id);
            return Err(if is_own_fault { ScanError::TooMany } else { ScanError::Busy });
        }
        self.run(wanted, work).await
    }

    /// Does what costs that much for an answer that has begun: it waits for as long as it takes.
    ///
    /// # Errors
    /// When the work fails.
    pub(crate) async fn read_on<T: Send + 'static>(
        &self,
        cost: ReadingCost,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ScanError> {
        if is_little(cost) { Ok(work()) } else { Box::pin(self.read_in_turn(work)).await }
    }

    async fn read_in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ScanError> {
        // There is one for each open body at most.
        let (wanted, turn) = self.enqueue(usize::MAX)?;
        let _ = turn.await;
        self.run(wanted, work).await
    }

    /// A place among the chunks that are read ahead, if there is one.
    pub(crate) fn place_ahead(&self) -> Option<OwnedSemaphorePermit> {
        self.scans.ahead.clone().try_acquire_owned().ok()
    }

    fn enqueue(
        &self,
        max_waiting: usize,
    ) -> Result<(QueuedScan, oneshot::Receiver<()>), ScanError> {
        let schedule = self.scans.schedule.clone();
        let queued = schedule.enqueue(&self.user, max_waiting);
        let (id, turn) = queued.map_err(|QueueFull| ScanError::TooMany)?;
        Ok((QueuedScan::new(schedule, id), turn))
    }

    async fn run<T: Send + 'static>(
        &self,
        mut wanted: QueuedScan,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ScanError> {
        let threads = self.scans.threads.as_ref();
        let threads = threads.ok_or_else(|| io::Error::other("the gateway is stopping"))?;
        let user = self.clone();
        let turns = wanted.begin(Box::new(move |work| user.run_beside(work)));
        let span = RequestSpan::current();
        let work = move || span.in_scope(|| at_pace(Rc::new(turns), work));
        #[cfg(feature = "simulation")]
        if service_runtime::simulation::world().is_some() {
            return Ok(work());
        }
        let done = threads.spawn_blocking(work).await;
        Ok(done.map_err(io::Error::other)?)
    }
}

/// Whether handing the work to another thread would take longer than doing it.
pub(crate) fn is_little(cost: ReadingCost) -> bool {
    cost.stored_bytes <= INLINE_BYTES && !cost.is_compressed
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;
    use pod_logs::pace;

    use super::*;

    const MUCH: ReadingCost = ReadingCost { stored_bytes: u64::MAX, is_compressed: false };
    const LITTLE: ReadingCost = ReadingCost { stored_bytes: 1, is_compressed: false };

    /// Runs until its client has left, and counts its steps.
    fn endless(steps: &AtomicUsize) -> io::Result<()> {
        loop {
            pace::step()?;
            steps.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn until(is_so: impl Fn() -> bool) {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_scan_ends_when_its_result_is_not_waited_for() {
        let scans = Scans::new(1).unwrap();
        let steps = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
        let begin = |user: &str, steps: &Arc<AtomicUsize>| {
            let (scans, steps) = (scans.of_user(user), steps.clone());
            tokio::spawn(async move { scans.read_on(MUCH, move || endless(&steps)).await })
        };
        // They take turns at the only place.
        let running = [begin("eve", &steps[0]), begin("ada", &steps[1]), begin("eve", &steps[2])];
        for _ in 0..3 {
            let before = steps.each_ref().map(|steps| steps.load(Ordering::Relaxed));
            let has_gone_on = |scan: usize| steps[scan].load(Ordering::Relaxed) > before[scan];
            until(|| (0..3).all(has_gone_on)).await;
        }
        assert_eq!(scans.schedule.len(), 3);
        running.iter().for_each(tokio::task::JoinHandle::abort);
        until(|| scans.schedule.len() == 0).await;
    }

    #[tokio::test]
    async fn a_scan_that_was_dropped_before_its_first_turn_takes_no_place() {
        let scans = Scans::new(1).unwrap();
        let eve = scans.of_user("eve");
        let mut has_turn = Box::pin(eve.read_on(MUCH, || endless(&AtomicUsize::new(0))));
        assert!((&mut has_turn).now_or_never().is_none());
        for _ in 0..MAX_WAITING {
            assert!(eve.request(|| ()).now_or_never().is_none());
        }
        drop(has_turn);
        until(|| scans.schedule.len() == 0).await;
        eve.request(|| ()).await.unwrap();
    }

    #[tokio::test]
    async fn a_cheap_request_runs_on_the_callers_thread() {
        let scans = Scans::new(1).unwrap();
        let here = std::thread::current().id();
        let there = || std::thread::current().id();
        let ada = scans.of_user("ada");
        assert_eq!(ada.request_costing(LITTLE, there).now_or_never().unwrap().unwrap(), here);
        assert_ne!(ada.request_costing(MUCH, there).await.unwrap(), here);
        let compressed = ReadingCost { is_compressed: true, ..LITTLE };
        assert_ne!(ada.request_costing(compressed, there).await.unwrap(), here);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_whose_turn_does_not_come_is_refused() {
        let scans = Scans::new(1).unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let eve = scans.of_user("eve");
        let mut never_yields = Box::pin(eve.read_on(MUCH, move || wait.recv().is_ok()));
        assert!((&mut never_yields).now_or_never().is_none());
        let refused = scans.of_user("ada").request(|| ()).await;
        assert!(matches!(refused, Err(ScanError::Busy)), "{refused:?}");
        let refused = eve.request(|| ()).await;
        assert!(matches!(refused, Err(ScanError::TooMany)), "{refused:?}");
        go.send(()).unwrap();
        assert!(never_yields.await.unwrap());
    }
}
