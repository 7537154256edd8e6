//! The operations listener: a second address, for probes and scrapers, never the public one.
//!
//! | path | answer |
//! | --- | --- |
//! | `GET /livez` | 200 while the process runs |
//! | `GET /readyz` | 200 while it wants requests, else 503 |
//! | `GET /metrics` | counters as Prometheus text |

use std::{io, sync::Arc};

use actix_web::{App, HttpResponse, dev::Server, middleware::from_fn, web};
use tokio::sync::watch;

use crate::{http::hold, metrics::Metrics, server::HttpServer};

/// Whether the service wants requests. Starts as not ready; every clone tells the same.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<watch::Sender<bool>>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Readiness {
    /// Says whether the service wants requests from now on.
    pub fn set(&self, ready: bool) {
        self.0.send_replace(ready);
    }

    /// Waits until the service wants no requests: for a request that is being answered, until the
    /// service stops.
    pub async fn ended(&self) {
        // This holds the sender, so it cannot be gone.
        let _ = self.0.subscribe().wait_for(|ready| !ready).await;
    }

    fn get(&self) -> bool {
        *self.0.borrow()
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
    if readiness.get() {
        HttpResponse::Ok().content_type("text/plain").body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable().content_type("text/plain").body("not ready\n")
    }
}

async fn render_metrics(metrics: web::Data<Metrics>) -> HttpResponse {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().content_type(OPEN_METRICS).body(metrics.render())
}
