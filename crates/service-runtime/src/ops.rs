//! The operations listener: a second address, for probes and scrapers, never the public one.
//!
//! | path | answer |
//! | --- | --- |
//! | `GET /livez` | 200 while the process runs |
//! | `GET /readyz` | 200 while it wants requests and can answer them, else 503 |
//! | `GET /metrics` | counters as Prometheus text |

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_web::{App, HttpResponse, dev::Server, middleware::from_fn, web};
use tokio::sync::watch;

use crate::{http::hold, metrics::Metrics, server::HttpServer};

/// Whether the service is ready for requests. Starts as not ready; clones share the state.
#[derive(Debug, Clone)]
pub struct Readiness {
    wanted: Arc<watch::Sender<bool>>,
    conditions: Arc<Mutex<Vec<Condition>>>,
}

/// A condition of readiness.
struct Condition {
    /// The text of `/readyz` when it is not met.
    fault: &'static str,
    is_met: Box<dyn Fn() -> bool + Send>,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("fault", &self.fault).finish_non_exhaustive()
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self { wanted: Arc::new(watch::Sender::new(false)), conditions: Arc::default() }
    }
}

impl Readiness {
    /// Sets whether the service wants requests from now on.
    pub fn set(&self, ready: bool) {
        self.wanted.send_replace(ready);
    }

    /// Adds a condition that is checked at each `/readyz`; `fault` is the answer when it is not
    /// met.
    pub fn require(&self, fault: &'static str, is_met: impl Fn() -> bool + Send + 'static) {
        self.conditions().push(Condition { fault, is_met: Box::new(is_met) });
    }

    /// Waits until the service wants no requests: for a request that is being answered, until the
    /// service stops.
    pub async fn ended(&self) {
        // This holds the sender, so it cannot be gone.
        let _ = self.wanted.subscribe().wait_for(|ready| !ready).await;
    }

    /// # Errors
    /// With what keeps the service from being ready.
    fn check(&self) -> Result<(), &'static str> {
        if !*self.wanted.borrow() {
            return Err("it is starting or stopping");
        }
        let conditions = self.conditions();
        let unmet = conditions.iter().find(|condition| !(condition.is_met)());
        unmet.map_or(Ok(()), |condition| Err(condition.fault))
    }

    /// A panic while this is locked leaves it consistent.
    fn conditions(&self) -> MutexGuard<'_, Vec<Condition>> {
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server for the operations listener; it runs when awaited.
///
/// # Errors
/// When the listener cannot be served.
pub fn server(
    listener: HttpServer,
    metrics: Arc<Metrics>,
    readiness: Readiness,
) -> io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(web::Data::from(metrics.clone()))
            .app_data(web::Data::new(readiness.clone()))
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(render_metrics))
            .wrap(from_fn(hold))
    };
    listener.serve(app)
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

async fn readyz(readiness: web::Data<Readiness>) -> HttpResponse {
    match readiness.check() {
        Ok(()) => HttpResponse::Ok().content_type("text/plain").body("ready\n"),
        Err(fault) => HttpResponse::ServiceUnavailable()
            .content_type("text/plain")
            .body(format!("not ready: {fault}\n")),
    }
}

async fn render_metrics(metrics: web::Data<Metrics>) -> HttpResponse {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().content_type(OPEN_METRICS).body(metrics.render())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_service_is_ready_when_it_wants_requests_and_all_conditions_are_met() {
        let readiness = Readiness::default();
        let met = Arc::new(AtomicBool::new(true));
        readiness.require("no database", {
            let met = met.clone();
            move || met.load(Ordering::Relaxed)
        });
        assert!(readiness.check().is_err());
        readiness.set(true);
        assert_eq!(readiness.check(), Ok(()));
        met.store(false, Ordering::Relaxed);
        assert_eq!(readiness.check(), Err("no database"));
    }
}
