//! Puts the gateway together.

use std::{io, net::TcpListener, rc::Rc, sync::Arc};

use actix_web::{App, dev::Server, middleware::from_fn, web};
use pod_logs::{FilesSource, OpenRootError};
use service_runtime::{
    clock::{Clock, SystemClock},
    http::Edge,
    lifecycle::{self, BindError, ReadyLine},
    metrics::{HttpMetrics, Metrics},
    ops::{self, Readiness},
    server::{Descriptors, HttpServer, PublicLimits},
    tls::LivePair,
};
use url::Url;

use crate::{
    auth::{self, Authority, AuthorityMetrics},
    config::Config,
    http::{GatewayState, PublicAddresses, SessionCookies, routes},
    reader::LogReader,
    readiness::keep_readiness,
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
    #[error("cannot start threads: {0}")]
    Threads(io::Error),
}

impl Gateway {
    /// Binds both listeners and opens the log directory.
    pub(crate) fn bind(config: Config) -> Result<Self, StartError> {
        let source = FilesSource::open(&config.logs_dir, &config.logs_roots)?;
        Ok(Self {
            public: lifecycle::bind("GATEWAY_LISTEN", config.listen)?,
            ops: lifecycle::bind("GATEWAY_OPS_LISTEN", config.ops_listen)?,
            reader: LogReader::new(source, config.max_scans).map_err(StartError::Threads)?,
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
        let process = ProcessState::new();
        let ops = HttpServer::operations(self.ops, process.clock.clone(), process.descriptors);
        let ops = ops::server(ops, process.metrics.clone(), process.readiness.clone())?;
        let public = serve(self.public, self.reader, self.config, &process)?;
        lifecycle::run(&line, public, ops, &process.readiness, &process.requests, stop).await
    }
}

/// What there is once in the process.
struct ProcessState {
    clock: Arc<dyn Clock>,
    descriptors: Descriptors,
    metrics: Arc<Metrics>,
    requests: HttpMetrics,
    readiness: Readiness,
}

impl ProcessState {
    fn new() -> Self {
        let metrics = Arc::new(Metrics::default());
        Self {
            clock: Arc::new(SystemClock::default()),
            descriptors: Descriptors::raise_limit(),
            requests: HttpMetrics::new(&metrics),
            metrics,
            readiness: Readiness::default(),
        }
    }
}

fn serve(
    listener: TcpListener,
    reader: LogReader,
    config: Config,
    process: &ProcessState,
) -> io::Result<Server> {
    let (clock, metrics) = (process.clock.clone(), &process.metrics);
    let limits = PublicLimits {
        descriptors: process.descriptors,
        workers: config.workers,
        trusted_proxies: config.trusted_proxies.clone(),
    };
    let edge = Edge::new(clock.clone(), process.requests.clone(), config.trusted_proxies);
    reader.register(metrics);
    let tls = config.tls.map(|(files, pair)| LivePair::start(files, pair, metrics));
    let public = PublicAddresses {
        gateway: config.public_url.map_or_else(|| own_url(&listener, tls.is_some()), Ok)?,
        sso: config.public_sso_url,
        tls: tls.clone(),
    };
    let cookies = SessionCookies::read_over(public.gateway.scheme());
    let authority_metrics = AuthorityMetrics::new(metrics);
    let (urls, timeout) = (config.sso_urls, config.sso_timeout);
    let sso_tls = config.sso_trust.client_config().map_err(io::Error::other)?;
    // Each worker has its own; these show that they can be had.
    let spare = auth::connections(sso_tls.clone(), timeout).map_err(io::Error::other)?;
    let (reader, readiness) = (Arc::new(reader), process.readiness.clone());
    actix_web::rt::spawn(keep_readiness(reader.clone(), readiness.clone()));
    let streams = Arc::new(OpenStreams::new(config.max_streams_per_user));
    let public = Arc::new(public);
    let app = move || {
        let edge = edge.clone().of_worker();
        let http = auth::connections(sso_tls.clone(), timeout).unwrap_or_else(|_| spare.clone());
        let (clock, metrics) = (clock.clone(), authority_metrics.clone());
        let state = GatewayState {
            authority: Rc::new(Authority::new(&http, &urls, timeout, &clock, metrics)),
            cookies,
            reader: reader.clone(),
            streams: streams.clone(),
            clock,
            readiness: readiness.clone(),
            vigil_times: config.vigil_times,
            public: public.clone(),
        };
        App::new()
            .app_data(web::Data::new(state))
            .configure(routes)
            .wrap(from_fn(move |request, next| edge.clone().pass(request, next)))
    };
    HttpServer::public(listener, process.clock.clone(), limits, metrics)
        .over_tls(tls)
        .closing_when_half_closed()
        .serve(app)
}

/// The listener as a URL.
fn own_url(listener: &TcpListener, over_tls: bool) -> io::Result<Url> {
    let scheme = if over_tls { "https" } else { "http" };
    let address = listener.local_addr()?;
    Url::parse(&format!("{scheme}://{address}")).map_err(io::Error::other)
}
