//! How long an instance may say yes from its memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::time::since_boot;

/// Until when memory counts as up to date, by the boot-time clock, which counts while the machine
/// sleeps. Clones tell the same.
#[derive(Debug, Clone, Default)]
pub(in crate::store::database) struct Lease {
    /// In nanoseconds since the machine was booted. 0: there is none.
    until: Arc<AtomicU64>,
    /// How often a lease was ended before its time.
    ended: Arc<AtomicU64>,
}

impl Lease {
    /// Whether memory may be answered from now.
    pub(in crate::store::database) fn holds(&self) -> bool {
        nanos(since_boot()) < self.until.load(Ordering::Acquire)
    }

    /// How often a lease was ended before its time: memory may have been cleared meanwhile.
    pub(super) fn times_ended(&self) -> u64 {
        self.ended.load(Ordering::Acquire)
    }

    /// How much is left of it.
    pub(super) fn left(&self) -> Duration {
        Duration::from_nanos(self.until.load(Ordering::Acquire)).saturating_sub(since_boot())
    }

    /// It lasts until this instant since boot.
    pub(super) fn extend_until(&self, end: Duration) {
        self.until.fetch_max(nanos(end), Ordering::AcqRel);
    }

    /// It ends now.
    pub(super) fn end(&self) {
        self.ended.fetch_add(1, Ordering::AcqRel);
        self.until.store(0, Ordering::Release);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lease_ends_by_itself_and_when_it_is_ended() {
        let lease = Lease::default();
        assert!(!lease.holds());
        lease.extend_until(since_boot() + Duration::from_secs(60));
        assert!(lease.holds());
        assert!(lease.left() > Duration::from_secs(50));
        lease.end();
        assert!(!lease.holds());
        lease.extend_until(since_boot());
        assert!(!lease.holds());
        assert_eq!(lease.left(), Duration::ZERO);
    }
}
