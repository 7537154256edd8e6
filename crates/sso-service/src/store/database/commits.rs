//! How long commits take, and how much they hold.

use std::time::Duration;

use prometheus_client::metrics::{counter::Counter, histogram::Histogram};
use service_runtime::metrics::Metrics;

/// The metrics of the writer.
#[derive(Debug, Clone)]
pub(super) struct Commits {
    seconds: Histogram,
    jobs: Histogram,
    failures: Counter,
}

impl Commits {
    /// Metrics that are not registered yet.
    pub(super) fn new() -> Self {
        Self {
            // From a commit in memory to the time after which it counts as unknown.
            seconds: Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 3.0]),
            jobs: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]),
            failures: Counter::default(),
        }
    }

    /// Counts a commit of so many jobs.
    pub(super) fn count(&self, jobs: usize, took: Duration, succeeded: bool) {
        self.seconds.observe(took.as_secs_f64());
        self.jobs.observe(jobs as f64);
        if !succeeded {
            self.failures.inc();
        }
    }

    /// Registers the metrics.
    pub(super) fn show(&self, metrics: &Metrics) {
        metrics.register(
            "store_commit_seconds",
            "Time that a commit to the database took, with all that was written in it",
            self.seconds.clone(),
        );
        metrics.register(
            "store_commit_jobs",
            "Writes that waited together and were committed as one",
            self.jobs.clone(),
        );
        metrics.register(
            "store_commit_failures",
            "Commits to the database that failed",
            self.failures.clone(),
        );
    }
}
