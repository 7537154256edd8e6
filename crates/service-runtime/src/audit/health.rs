//! Whether lines can be written.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A write that takes longer than this does not count as one that will succeed.
const STALLED: Duration = Duration::from_secs(5);
/// No write is on its way.
const IDLE: u64 = u64::MAX;

/// Whether lines can be written: the last write succeeded, and none hangs. Clones share it.
#[derive(Debug, Clone)]
pub struct RecordHealth(Arc<WriteState>);

#[derive(Debug)]
struct WriteState {
    created: Instant,
    fails: AtomicBool,
    /// Since when a write is on its way, in milliseconds after the creation.
    writing_since: AtomicU64,
}

impl Default for RecordHealth {
    fn default() -> Self {
        Self(Arc::new(WriteState {
            created: Instant::now(),
            fails: AtomicBool::new(false),
            writing_since: AtomicU64::new(IDLE),
        }))
    }
}

impl RecordHealth {
    /// Whether lines can be written.
    #[must_use]
    pub fn is_good(&self) -> bool {
        if self.0.fails.load(Ordering::Relaxed) {
            return false;
        }
        let since = self.0.writing_since.load(Ordering::Relaxed);
        since == IDLE || self.now().saturating_sub(since) < STALLED.as_millis() as u64
    }

    pub(super) fn begin_write(&self) {
        self.0.writing_since.store(self.now(), Ordering::Relaxed);
    }

    /// Whether the one before succeeded is the answer.
    pub(super) fn end_write(&self, succeeded: bool) -> bool {
        self.0.writing_since.store(IDLE, Ordering::Relaxed);
        !self.0.fails.swap(!succeeded, Ordering::Relaxed)
    }

    fn now(&self) -> u64 {
        self.0.created.elapsed().as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_good_until_a_write_fails_or_hangs() {
        let health = RecordHealth::default();
        assert!(health.is_good());
        health.begin_write();
        assert!(health.is_good());
        assert!(health.end_write(false));
        assert!(!health.is_good());
        assert!(!health.end_write(true));
        assert!(health.is_good());
        let created = Instant::now().checked_sub(2 * STALLED).unwrap();
        let writing_since = AtomicU64::new(0);
        let state = WriteState { created, fails: AtomicBool::new(false), writing_since };
        assert!(!RecordHealth(Arc::new(state)).is_good());
    }
}
