//! The turns of one scan, from its first to its end.

use std::{
    cell::Cell,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use pod_logs::pace::Pace;

use super::{
    fair_queue::{SLICE, ScanId},
    schedule::Schedule,
};

/// A scan whose result is waited for. When it is dropped, the scan ends.
#[derive(Debug)]
pub(super) struct QueuedScan {
    schedule: Arc<Schedule>,
    pub(super) id: ScanId,
    is_abandoned: Arc<AtomicBool>,
    has_begun: bool,
}

impl QueuedScan {
    pub(super) fn new(schedule: Arc<Schedule>, id: ScanId) -> Self {
        Self { schedule, id, is_abandoned: Arc::default(), has_begun: false }
    }

    /// The first turn begins.
    pub(super) fn begin(&mut self, beside: RunBeside) -> ScanTurns {
        self.has_begun = true;
        ScanTurns {
            schedule: self.schedule.clone(),
            id: self.id,
            is_abandoned: self.is_abandoned.clone(),
            began: Cell::new(Some(Instant::now())),
            beside,
        }
    }
}

impl Drop for QueuedScan {
    fn drop(&mut self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
        match self.has_begun {
            true => self.schedule.wake(self.id),
            false => self.schedule.finish(self.id, Duration::ZERO),
        }
    }
}

/// A scan during its first turn and those that follow. It ends its place among the scans when it is
/// dropped.
pub(super) struct ScanTurns {
    schedule: Arc<Schedule>,
    id: ScanId,
    is_abandoned: Arc<AtomicBool>,
    /// When the present turn began; `None` when the scan has none, because it was abandoned.
    began: Cell<Option<Instant>>,
    beside: RunBeside,
}

/// Does work of a scan on another thread, if there is a place for it: else the answer is false.
pub(super) type RunBeside = Box<dyn Fn(Box<dyn FnOnce() + Send>) -> bool + Send>;

impl ScanTurns {
    fn ran(&self) -> Duration {
        self.began.get().map(|began| began.elapsed()).unwrap_or_default()
    }
}

impl Pace for ScanTurns {
    fn step(&self) -> io::Result<()> {
        if self.ran() >= SLICE {
            let has_turn = self.schedule.wait_for_turn(self.id, self.ran(), &self.is_abandoned);
            self.began.set(has_turn.then(Instant::now));
        }
        if self.is_abandoned.load(Ordering::Relaxed) {
            return Err(io::Error::other("the scan was abandoned"));
        }
        Ok(())
    }

    fn beside(&self, work: Box<dyn FnOnce() + Send>) -> bool {
        (self.beside)(work)
    }
}

impl Drop for ScanTurns {
    fn drop(&mut self) {
        self.schedule.finish(self.id, self.ran());
    }
}
