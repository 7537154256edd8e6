//! The parts that exist once in a process.

use std::sync::Arc;

use crate::{
    clock::SystemClock,
    http::Edge,
    metrics::{HttpMetrics, Metrics},
    network::TrustedProxies,
    ops::Readiness,
    server::Descriptors,
};

/// The parts that exist once in a process, whatever the service does.
#[derive(Debug)]
pub struct ProcessState {
    /// The clock by which everything goes.
    pub clock: Arc<SystemClock>,
    /// The counters that `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// Whether `/readyz` says that the service takes requests.
    pub readiness: Readiness,
    pub(super) descriptors: Descriptors,
    pub(super) requests: HttpMetrics,
}

impl ProcessState {
    /// Creates them, and raises the limit of open files as far as the system allows.
    #[must_use]
    pub fn new() -> Self {
        let metrics = Arc::new(Metrics::default());
        Self {
            clock: Arc::new(SystemClock::default()),
            requests: HttpMetrics::new(&metrics),
            metrics,
            readiness: Readiness::default(),
            descriptors: Descriptors::raise_limit(),
        }
    }

    /// The edge of the process, which lets these proxies tell their clients' addresses.
    #[must_use]
    pub fn edge(&self, proxies: TrustedProxies) -> Edge {
        Edge::new(self.clock.clone(), self.requests.clone(), proxies)
    }
}

impl Default for ProcessState {
    fn default() -> Self {
        Self::new()
    }
}
