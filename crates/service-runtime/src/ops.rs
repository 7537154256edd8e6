//! The operations listener: a second address, for probes and scrapers, never the public one.
//!
//! | path | answer |
//! | --- | --- |
//! | `GET /livez` | 200 while the process runs |
//! | `GET /readyz` | 200 while it wants requests, else 503 |
//! | `GET /metrics` | counters as Prometheus text |

use std::{
    io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::{App, HttpResponse, HttpServer, dev::Server, web};

use crate::metrics::Metrics;

/// Whether the service wants requests. Starts as not ready; every clone tells the same.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says whether the service wants requests from now on.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A server for the operations listener; it runs when awaited.
///
/// # Errors
/// When the listener cannot be served.
pub fn server(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    readiness: Readiness,
) -> io::Result<Server> {
    let factory = move || {
        App::new()
            .app_data(web::Data::from(metrics.clone()))
            .app_data(web::Data::new(readiness.clone()))
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(render_metrics))
    };
    Ok(HttpServer::new(factory)
        .workers(1)
        .disable_signals()
        .tcp_nodelay(true)
        .shutdown_timeout(0)
        .listen(listener)?
        .run())
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

async fn readyz(readiness: web::Data<Readiness>) -> HttpResponse {
    if readiness.get() {
        HttpResponse::Ok()
            .content_type("text/plain")
            .body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable()
            .content_type("text/plain")
            .body("not ready\n")
    }
}

async fn render_metrics(metrics: web::Data<Metrics>) -> HttpResponse {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok()
        .content_type(OPEN_METRICS)
        .body(metrics.render())
}
