//! The one place that asks for the time.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// Tells the time, and never an earlier time than it told before.
pub trait Clock: Debug + Send + Sync {
    /// The present instant, or the greatest instant seen if the machine's clock was set back.
    fn now(&self) -> DateTime<Utc>;
}

/// A new UUIDv7 that carries this instant. Every id is made here: `Uuid::now_v7` would ask another
/// clock for the time.
#[must_use]
pub fn id_at(instant: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(instant.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, instant.timestamp_subsec_nanos()))
}

/// The machine's clock, in whole milliseconds: every worker asks many times in one, and only the
/// first of them has anything to write.
#[derive(Debug, Default)]
pub struct SystemClock {
    /// Greatest instant seen, in milliseconds since 1970.
    latest: AtomicI64,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now().timestamp_millis();
        let mut latest = self.latest.load(Ordering::Relaxed);
        if now > latest {
            latest = self.latest.fetch_max(now, Ordering::Relaxed).max(now);
        }
        DateTime::from_timestamp_millis(latest).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// A clock that stands still until it is told to move: for tests.
#[derive(Debug)]
pub struct ManualClock {
    nanos: AtomicI64,
}

impl ManualClock {
    /// Stands at `start`.
    #[must_use]
    pub fn at(start: DateTime<Utc>) -> Self {
        Self { nanos: AtomicI64::new(start.timestamp_nanos_opt().unwrap_or(i64::MAX)) }
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        self.nanos.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_runs_back() {
        let clock = SystemClock::default();
        let future = clock.now() + Duration::from_secs(3600);
        clock.latest.store(future.timestamp_millis(), Ordering::Relaxed);
        assert_eq!(clock.now(), future);
    }

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().timestamp_millis(), 1500);
    }
}
