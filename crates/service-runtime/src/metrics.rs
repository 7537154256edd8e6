//! Counters for whoever operates the service. Labels never hold a user or a pod.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

/// Everything that is counted in this process.
#[derive(Default)]
pub struct Metrics(Mutex<Registry>);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Adds a metric under `name` and gives it back to be counted with.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        // A poisoned lock only means that another registration panicked; the registry is whole.
        let mut registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register(name, help, metric.clone());
        metric
    }

    /// All of it in the OpenMetrics text format.
    #[must_use]
    pub fn render(&self) -> String {
        let registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut text, &registry);
        text
    }
}

/// What is counted about every request.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    duration: Histogram,
    in_flight: Gauge,
}

/// A request whose answer is not given yet, counted until this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

impl HttpMetrics {
    /// Registers the counters.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        // From a tenth of a millisecond to a time-out.
        let buckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];
        Self {
            requests: metrics.register("http_requests", "Requests answered", Family::default()),
            duration: metrics.register(
                "http_request_duration_seconds",
                "Time from the whole head of a request to the head of its answer",
                Histogram::new(buckets),
            ),
            in_flight: metrics.register(
                "http_requests_in_flight",
                "Requests whose answers are not given yet",
                Gauge::default(),
            ),
        }
    }

    /// Counts one request until its answer is given.
    pub(crate) fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Whether every answer is given.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.get() == 0
    }

    /// Counts one answer. `route` is the pattern that matched, never the path.
    pub(crate) fn count(&self, route: Option<String>, status: u16, elapsed: Duration) {
        let route = route.unwrap_or_else(|| "none".to_owned());
        self.requests.get_or_create(&RequestLabels { route, status }).inc();
        self.duration.observe(elapsed.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::default();
        let http = HttpMetrics::new(&metrics);
        http.count(Some("/logs/{pod}".to_owned()), 200, Duration::from_millis(2));
        http.count(None, 404, Duration::from_millis(2));
        let text = metrics.render();
        assert!(
            text.contains(r#"http_requests_total{route="/logs/{pod}",status="200"} 1"#),
            "{text}"
        );
        assert!(text.contains(r#"http_requests_total{route="none",status="404"} 1"#), "{text}");
        assert!(text.contains("http_request_duration_seconds_count 2"), "{text}");
    }
}
