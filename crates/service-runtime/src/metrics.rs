//! Counters for operators. Labels never hold a user or a pod.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, text},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::{Metric, Registry},
};

/// In seconds, from a tenth of a millisecond to a time-out.
const DURATION_BUCKETS: [f64; 11] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];

/// The metrics of this process.
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
        let mut registry = lock(&self.0);
        registry.register(name, help, metric.clone());
        metric
    }

    /// Adds a gauge whose value is asked for whenever metrics are rendered.
    pub fn observe_gauge(&self, name: &str, help: &str, value: impl Observe) {
        lock(&self.0).register(name, help, ObservedGauge(Box::new(value)));
    }

    /// Adds a counter whose value is asked for whenever metrics are rendered.
    pub fn observe_counter(&self, name: &str, help: &str, value: impl Observe) {
        lock(&self.0).register(name, help, ObservedCounter(Box::new(value)));
    }

    /// All metrics in the OpenMetrics text format.
    #[must_use]
    pub fn render(&self) -> String {
        let registry = lock(&self.0);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut text, &registry);
        text
    }
}

/// Gives the value of a metric.
pub trait Observe: Fn() -> u64 + Send + Sync + 'static {}

impl<F: Fn() -> u64 + Send + Sync + 'static> Observe for F {}

struct ObservedGauge(Box<dyn Observe>);

struct ObservedCounter(Box<dyn Observe>);

impl fmt::Debug for ObservedGauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObservedGauge")
    }
}

impl fmt::Debug for ObservedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObservedCounter")
    }
}

impl EncodeMetric for ObservedGauge {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        ConstGauge::new((self.0)()).encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

impl EncodeMetric for ObservedCounter {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        ConstCounter::new((self.0)()).encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

/// Metrics of requests. Each worker has counters of its own, since shared counters make workers
/// wait for each other.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    duration: Family<WorkerLabels, Histogram, fn() -> Histogram>,
    in_flight: Family<WorkerLabels, Gauge>,
    /// Requests in flight, for each worker.
    workers: Arc<Mutex<Vec<Gauge>>>,
}

/// The counters of one worker.
#[derive(Debug)]
pub(crate) struct WorkerMetrics {
    worker: u64,
    requests: Family<RequestLabels, Counter>,
    /// Counters used so far, by route and then status: a look-up among all counters takes a lock
    /// and a copy of the route.
    counters: RefCell<HashMap<String, Vec<(u16, Counter)>>>,
    duration: Histogram,
    in_flight: Gauge,
}

/// A request whose answer is not given yet, counted until this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Rc<WorkerMetrics>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
    worker: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkerLabels {
    worker: u64,
}

impl HttpMetrics {
    /// Registers the counters.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        let durations: fn() -> Histogram = || Histogram::new(DURATION_BUCKETS);
        Self {
            requests: metrics.register("http_requests", "Requests answered", Family::default()),
            duration: metrics.register(
                "http_request_duration_seconds",
                "Time from the whole head of a request to the head of its answer",
                Family::new_with_constructor(durations),
            ),
            in_flight: metrics.register(
                "http_requests_in_flight",
                "Requests in progress",
                Family::default(),
            ),
            workers: Arc::default(),
        }
    }

    /// Creates the counters of one more worker.
    pub(crate) fn of_worker(&self) -> WorkerMetrics {
        let mut workers = lock(&self.workers);
        let worker = workers.len() as u64;
        let labels = WorkerLabels { worker };
        let in_flight = self.in_flight.get_or_create_owned(&labels);
        workers.push(in_flight.clone());
        WorkerMetrics {
            worker,
            requests: self.requests.clone(),
            counters: RefCell::default(),
            duration: self.duration.get_or_create_owned(&labels),
            in_flight,
        }
    }

    /// Whether every answer is given.
    pub(crate) fn is_idle(&self) -> bool {
        lock(&self.workers).iter().all(|in_flight| in_flight.get() == 0)
    }
}

impl WorkerMetrics {
    /// Counts one request until its answer is given.
    pub(crate) fn begin(self: Rc<Self>) -> InFlight {
        self.in_flight.inc();
        InFlight(self)
    }

    /// Counts one answer. `route` is the pattern that matched, never the path.
    pub(crate) fn count(&self, route: Option<&str>, status: u16, elapsed: Duration) {
        self.duration.observe(elapsed.as_secs_f64());
        let route = route.unwrap_or("none");
        let mut counters = self.counters.borrow_mut();
        let used = counters.get(route).and_then(|of_route| of_status(of_route, status));
        if let Some(counter) = used {
            counter.inc();
            return;
        }
        let labels = RequestLabels { route: route.to_owned(), status, worker: self.worker };
        let counter = self.requests.get_or_create_owned(&labels);
        counter.inc();
        counters.entry(labels.route).or_default().push((status, counter));
    }
}

fn of_status(counters: &[(u16, Counter)], status: u16) -> Option<&Counter> {
    counters.iter().find(|(of, _)| *of == status).map(|(_, counter)| counter)
}

/// Locks it. A panic while it is locked leaves the value consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::default();
        let http = HttpMetrics::new(&metrics);
        let (one, other) = (http.of_worker(), http.of_worker());
        one.count(Some("/logs/{pod}"), 200, Duration::from_millis(2));
        one.count(Some("/logs/{pod}"), 200, Duration::from_millis(2));
        other.count(Some("/logs/{pod}"), 200, Duration::from_millis(2));
        other.count(Some("/logs/{pod}"), 403, Duration::from_millis(2));
        other.count(None, 404, Duration::from_millis(2));
        let text = metrics.render();
        for expected in [
            r#"http_requests_total{route="/logs/{pod}",status="200",worker="0"} 2"#,
            r#"http_requests_total{route="/logs/{pod}",status="200",worker="1"} 1"#,
            r#"http_requests_total{route="/logs/{pod}",status="403",worker="1"} 1"#,
            r#"http_requests_total{route="none",status="404",worker="1"} 1"#,
            r#"http_request_duration_seconds_count{worker="0"} 2"#,
            r#"http_request_duration_seconds_count{worker="1"} 3"#,
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }

    #[test]
    fn a_value_is_observed_whenever_metrics_are_rendered() {
        let (metrics, value) = (Metrics::default(), Arc::new(AtomicU64::new(1)));
        for register in [Metrics::observe_gauge, Metrics::observe_counter] {
            let observed = value.clone();
            let name = format!("observed_{}", value.fetch_add(1, Ordering::Relaxed));
            register(&metrics, &name, "Observed", move || observed.load(Ordering::Relaxed));
        }
        let text = metrics.render();
        assert!(text.contains("observed_1 3\n") && text.contains("observed_2_total 3\n"), "{text}");
        value.store(4, Ordering::Relaxed);
        assert!(metrics.render().contains("observed_1 4\n"));
    }

    #[test]
    fn http_is_idle_when_no_worker_has_an_open_request() {
        let http = HttpMetrics::new(&Metrics::default());
        let workers = [http.of_worker(), http.of_worker()].map(Rc::new);
        assert!(http.is_idle());
        let requests = workers.map(WorkerMetrics::begin);
        for request in requests {
            assert!(!http.is_idle());
            drop(request);
        }
        assert!(http.is_idle());
    }
}
