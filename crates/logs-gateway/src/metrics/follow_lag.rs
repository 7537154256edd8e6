//! How far followers are behind their logs.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::{MetricType, gauge::ConstGauge},
};
use service_runtime::metrics::Metrics;

/// The follower has all that is there.
const CAUGHT_UP: u64 = u64::MAX;

/// The followers, and since when each has been behind. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct FollowLag(Arc<FollowerTable>);

#[derive(Debug)]
struct FollowerTable {
    created: Instant,
    followers: Mutex<Followers>,
}

#[derive(Debug, Default)]
struct Followers {
    next: u64,
    /// Since when, in milliseconds after the creation.
    behind_since: HashMap<u64, Arc<AtomicU64>>,
}

/// A follower, until this is dropped.
#[derive(Debug)]
pub(super) struct Follower {
    table: Arc<FollowerTable>,
    number: u64,
    behind_since: Arc<AtomicU64>,
}

impl FollowLag {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let lag =
            Self(Arc::new(FollowerTable { created: Instant::now(), followers: Mutex::default() }));
        metrics.register(
            "logs_follow_lag_seconds",
            "For how long the follower that is behind longest has been behind its log",
            lag.clone(),
        );
        lag
    }

    /// One more follower, which has nothing yet.
    pub(super) fn join(&self) -> Follower {
        let behind_since = Arc::new(AtomicU64::new(self.0.now()));
        let mut followers = self.0.followers();
        let number = followers.next;
        followers.next += 1;
        followers.behind_since.insert(number, behind_since.clone());
        Follower { table: self.0.clone(), number, behind_since }
    }

    /// Of the follower that is behind longest, in seconds.
    fn longest(&self) -> f64 {
        let now = self.0.now();
        let followers = self.0.followers();
        let since = followers.behind_since.values().map(|since| since.load(Ordering::Relaxed));
        let longest = since.filter(|since| *since != CAUGHT_UP).min();
        longest.map_or(0.0, |since| now.saturating_sub(since) as f64 / 1000.0)
    }
}

impl FollowerTable {
    fn now(&self) -> u64 {
        self.created.elapsed().as_millis() as u64
    }

    fn followers(&self) -> MutexGuard<'_, Followers> {
        // Each change is whole.
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// Whether the follower has all that is there.
    pub(super) fn note(&self, is_caught_up: bool) {
        let was_caught_up = self.behind_since.load(Ordering::Relaxed) == CAUGHT_UP;
        match (is_caught_up, was_caught_up) {
            (true, _) => self.behind_since.store(CAUGHT_UP, Ordering::Relaxed),
            (false, true) => self.behind_since.store(self.table.now(), Ordering::Relaxed),
            (false, false) => {}
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.table.followers().behind_since.remove(&self.number);
    }
}

impl EncodeMetric for FollowLag {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        ConstGauge::new(self.longest()).encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_follower_that_is_behind_longest_counts() {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        let lag =
            FollowLag(Arc::new(FollowerTable { created: ago(100), followers: Mutex::default() }));
        assert_eq!(lag.longest(), 0.0);
        let [first, second] = [lag.join(), lag.join()];
        first.behind_since.store(10_000, Ordering::Relaxed);
        first.note(false);
        assert!((90.0..120.0).contains(&lag.longest()));
        first.note(true);
        assert!(lag.longest() < 60.0);
        second.behind_since.store(40_000, Ordering::Relaxed);
        assert!((60.0..90.0).contains(&lag.longest()));
        drop(second);
        assert_eq!(lag.longest(), 0.0);
    }
}
