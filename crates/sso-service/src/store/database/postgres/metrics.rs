//! How far memory is behind, and how long writes wait for other instances.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};
use service_runtime::metrics::Metrics;

/// The metrics of an instance.
#[derive(Debug, Clone)]
pub(in crate::store::database) struct InstanceMetrics {
    lag: Gauge<f64, AtomicU64>,
    lease_left: Gauge<f64, AtomicU64>,
    looks: Counter,
    failed_looks: Counter,
    waits: Histogram,
    instances: Gauge,
}

impl InstanceMetrics {
    /// Metrics that are not registered yet.
    pub(in crate::store::database) fn new() -> Self {
        Self {
            lag: Gauge::default(),
            lease_left: Gauge::default(),
            looks: Counter::default(),
            failed_looks: Counter::default(),
            // From one round trip to the greatest lease and its margin.
            waits: Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 11.0]),
            instances: Gauge::default(),
        }
    }

    /// A look succeeded: it took this long, and this much was left of the lease.
    pub(super) fn count_look(&self, took: Duration, left: Duration) {
        self.looks.inc();
        self.lag.set(took.as_secs_f64());
        self.lease_left.set(left.as_secs_f64());
    }

    /// A look failed, with this much left of the lease.
    pub(super) fn count_failed_look(&self, left: Duration) {
        self.failed_looks.inc();
        self.lease_left.set(left.as_secs_f64());
    }

    /// A commit was confirmed after this time by so many instances.
    pub(super) fn count_wait(&self, waited: Duration, instances: usize) {
        self.waits.observe(waited.as_secs_f64());
        self.instances.set(i64::try_from(instances).unwrap_or(i64::MAX));
    }

    /// Registers the metrics.
    pub(in crate::store::database) fn show(&self, metrics: &Metrics) {
        metrics.register(
            "store_look_seconds",
            "Time that the last look at the changes of the database took",
            self.lag.clone(),
        );
        metrics.register(
            "store_lease_left_seconds",
            "What was left of the lease when the last look ended",
            self.lease_left.clone(),
        );
        metrics.register(
            "store_looks",
            "Looks at the changes of the database that succeeded",
            self.looks.clone(),
        );
        metrics.register(
            "store_look_failures",
            "Looks at the changes of the database that failed",
            self.failed_looks.clone(),
        );
        metrics.register(
            "store_confirmation_seconds",
            "Time from the commit of a change until every instance had confirmed it",
            self.waits.clone(),
        );
        metrics.register(
            "store_instances",
            "Instances that a change was last confirmed by",
            self.instances.clone(),
        );
    }
}
