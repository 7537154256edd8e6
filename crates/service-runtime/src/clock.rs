//! The one place that asks for the time.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{ClockId, clock_gettime};
use uuid::{NoContext, Timestamp, Uuid};

/// Tells the time, and never an earlier time than it told before.
pub trait Clock: Debug + Send + Sync {
    /// The present instant. When the machine's clock was set back, time goes on from the greatest
    /// instant seen.
    fn now(&self) -> DateTime<Utc>;

    /// Whether the time differs from this machine's wall clock by more than a minute, so that
    /// others would read it wrong.
    fn is_doubtful(&self) -> bool {
        false
    }
}

/// A new UUIDv7 that carries this instant. Every id is made here: `Uuid::now_v7` would ask another
/// clock for the time.
#[must_use]
pub fn id_at(instant: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(instant.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, instant.timestamp_subsec_nanos()))
}

/// The machine's time, in whole milliseconds.
///
/// It is the boot-time clock, which cannot be set and counts while the machine sleeps, plus the
/// greatest lead of the wall clock over it that was seen. So a wall clock that is set forward is
/// followed, and when it is set back, time goes on from the greatest instant seen.
#[derive(Debug, Default)]
pub struct SystemClock {
    /// The greatest lead of the wall clock over the boot-time clock, in nanoseconds. Written to
    /// only when it grows: every worker reads it at each request.
    lead: AtomicI64,
    /// Whether the time is that of another machine, and the wall clock does not count.
    follows: AtomicBool,
}

impl SystemClock {
    /// Goes by the time of another machine from now on, which says that it is this instant. What
    /// has passed since it said so makes the time late, never early.
    ///
    /// The first call replaces the time, later ones only move it forward.
    pub fn follow(&self, now: DateTime<Utc>) {
        if !self.follows.swap(true, Ordering::Relaxed) {
            self.lead.store(0, Ordering::Relaxed);
        }
        self.continue_from(now);
    }

    /// Goes on from this instant, unless it is in the past: the greatest instant that was seen
    /// before the process began.
    pub fn continue_from(&self, instant: DateTime<Utc>) {
        let nanos = instant.timestamp_nanos_opt().unwrap_or(i64::MAX);
        self.lead.fetch_max(nanos.saturating_sub(boot_time()), Ordering::Relaxed);
    }

    fn at(&self, wall: i64, boot: i64) -> DateTime<Utc> {
        let lead = wall.saturating_sub(boot);
        let mut greatest = self.lead.load(Ordering::Relaxed);
        if lead > greatest {
            greatest = self.lead.fetch_max(lead, Ordering::Relaxed).max(lead);
        }
        let millis = boot.saturating_add(greatest) / NANOS_PER_MILLI;
        DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

const NANOS_PER_MILLI: i64 = 1_000_000;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        if self.follows.load(Ordering::Relaxed) {
            return self.at(0, boot_time());
        }
        // The wall clock first: time that passes between the two makes the lead smaller.
        let wall = wall_time();
        self.at(wall, boot_time())
    }

    fn is_doubtful(&self) -> bool {
        let wall = DateTime::from_timestamp_nanos(wall_time());
        (self.now() - wall).abs() > TimeDelta::minutes(1)
    }
}

/// Nanoseconds since 1970 by the wall clock.
fn wall_time() -> i64 {
    #[cfg(feature = "simulation")]
    if let Some(simulated) = crate::simulation::wall_time() {
        return simulated;
    }
    nanoseconds(ClockId::Realtime)
}

/// The time since the machine was booted, sleep included. No one can set it.
#[must_use]
pub fn since_boot() -> Duration {
    Duration::from_nanos(u64::try_from(boot_time()).unwrap_or_default())
}

/// Nanoseconds since the machine was booted, sleep included.
fn boot_time() -> i64 {
    #[cfg(feature = "simulation")]
    if let Some(simulated) = crate::simulation::boot_time() {
        return simulated;
    }
    nanoseconds(ClockId::Boottime)
}

fn nanoseconds(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec.saturating_mul(1000 * NANOS_PER_MILLI).saturating_add(time.tv_nsec)
}

/// A clock that stands still until it is told to move: for tests.
#[derive(Debug)]
pub struct ManualClock {
    nanos: AtomicI64,
}

impl ManualClock {
    /// Creates a clock that stands at `start`.
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

    const SECOND: i64 = 1000 * NANOS_PER_MILLI;
    const HOUR: i64 = 3600 * SECOND;

    #[test]
    fn time_goes_on_when_the_clock_is_set_back() {
        let clock = SystemClock::default();
        let seconds = |wall: i64, boot: i64| clock.at(wall, boot).timestamp();
        assert_eq!(seconds(100 * HOUR, HOUR), 100 * 3600);
        assert_eq!(seconds(100 * HOUR + SECOND, HOUR + SECOND), 100 * 3600 + 1);
        // Set back by ten hours: each second is still a second.
        for passed in 2..30 {
            let at = seconds(90 * HOUR + passed * SECOND, HOUR + passed * SECOND);
            assert_eq!(at, 100 * 3600 + passed);
        }
        // The machine sleeps for an hour.
        assert_eq!(seconds(91 * HOUR, 2 * HOUR), 101 * 3600);
        // Right again, and then set forward.
        assert_eq!(seconds(102 * HOUR, 3 * HOUR), 102 * 3600);
        assert_eq!(seconds(200 * HOUR, 3 * HOUR), 200 * 3600);
        assert_eq!(seconds(103 * HOUR, 4 * HOUR), 201 * 3600);
    }

    #[test]
    fn time_continues_from_the_latest_instant_of_an_earlier_process() {
        let clock = SystemClock::default();
        let wall = clock.now();
        let seen = wall + Duration::from_secs(3600);
        clock.continue_from(seen);
        let first = clock.now();
        assert!(first >= seen - Duration::from_millis(1), "{first} {seen}");
        while clock.now() <= first {
            std::hint::spin_loop();
        }
        clock.continue_from(wall);
        assert!(clock.now() > first);
    }

    #[test]
    fn the_time_of_another_machine_replaces_that_of_this_one() {
        let clock = SystemClock::default();
        let (wall, hour) = (clock.now(), Duration::from_secs(3600));
        assert!(!clock.is_doubtful());
        clock.follow(wall - hour);
        let behind = clock.now();
        assert!(behind < wall - hour / 2, "{behind} {wall}");
        assert!(clock.is_doubtful());
        clock.follow(wall - 2 * hour);
        assert!(clock.now() >= behind);
        clock.follow(wall + hour);
        assert!(clock.now() >= wall + hour);
    }

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().timestamp_millis(), 1500);
    }
}
