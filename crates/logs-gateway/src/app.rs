//! Puts the gateway together.

use std::{io, net::TcpListener, rc::Rc, sync::Arc, time::Duration};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web};
use service_runtime::{
    clock::{Clock, SystemClock},
    http::Edge,
    lifecycle::{self, BindError, ReadyLine},
    metrics::{HttpMetrics, Metrics},
    ops::{self, Readiness},
};

use crate::{
    auth::{self, Authority, AuthorityMetrics},
    config::Config,
    http::{GatewayState, SessionCookies, routes},
    logs::files::{FilesSource, OpenRootError},
    reader::LogReader,
    streams::OpenStreams,
};

/// A gateway with its addresses, not serving yet.
pub(crate) struct Gateway {
    public: TcpListener,
    ops: TcpListener,
    reader: LogReader,
    config: Config,
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("{0}")]
    Bind(#[from] BindError),
    #[error("GATEWAY_LOGS_DIR or GATEWAY_LOGS_ROOTS: {0}")]
    Logs(#[from] OpenRootError),
}

impl Gateway {
    /// Binds both listeners and opens the log directory.
    pub(crate) fn bind(config: Config) -> Result<Self, StartError> {
        let source = FilesSource::open(&config.logs_dir, &config.logs_roots)?;
        Ok(Self {
            public: lifecycle::bind("GATEWAY_LISTEN", config.listen)?,
            ops: lifecycle::bind("GATEWAY_OPS_LISTEN", config.ops_listen)?,
            reader: LogReader::new(source, config.max_scans),
            config,
        })
    }

    /// Serves until `stop` ends.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        if !self.config.without_effect.is_empty() {
            let variables = self.config.without_effect.join(", ");
            tracing::warn!(variables, "set, and without effect in this version");
        }
        let line = ReadyLine {
            service: env!("CARGO_PKG_NAME"),
            listening: self.public.local_addr()?,
            ops: self.ops.local_addr()?,
            version: env!("CARGO_PKG_VERSION"),
        };
        let (metrics, readiness) = (Arc::new(Metrics::default()), Readiness::default());
        let public = serve(self.public, self.reader, self.config, &metrics, &readiness)?;
        let ops = ops::server(self.ops, metrics, readiness.clone())?;
        lifecycle::run(&line, public, ops, &readiness, stop).await
    }
}

fn serve(
    listener: TcpListener,
    reader: LogReader,
    config: Config,
    metrics: &Metrics,
    readiness: &Readiness,
) -> io::Result<Server> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let edge = Edge::new(clock.clone(), HttpMetrics::new(metrics), config.trusted_proxies);
    let authority_metrics = AuthorityMetrics::new(metrics);
    let (urls, timeout) = (config.sso_urls, config.sso_timeout);
    // Each worker has its own; these show that they can be had.
    let spare = auth::connections(timeout).map_err(io::Error::other)?;
    let cookies = SessionCookies::read_over(config.public_https);
    let (reader, readiness) = (Arc::new(reader), readiness.clone());
    let streams = Arc::new(OpenStreams::new(config.max_streams_per_user));
    let factory = move || {
        let edge = edge.clone();
        let http = auth::connections(timeout).unwrap_or_else(|_| spare.clone());
        let (clock, metrics) = (clock.clone(), authority_metrics.clone());
        let state = GatewayState {
            authority: Rc::new(Authority::new(http, &urls, timeout, clock.clone(), metrics)),
            cookies,
            reader: reader.clone(),
            streams: streams.clone(),
            clock,
            readiness: readiness.clone(),
            vigil_times: config.vigil_times,
        };
        App::new()
            .app_data(web::Data::new(state))
            .configure(routes)
            .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
    };
    let mut server = HttpServer::new(factory)
        .disable_signals()
        .tcp_nodelay(true)
        // A reader who leaves a quiet log is noticed at once, not with the next line.
        .h1_allow_half_closed(false)
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(lifecycle::DRAIN_SECONDS);
    if let Some(workers) = config.workers {
        server = server.workers(workers);
    }
    Ok(server.listen(listener)?.run())
}
