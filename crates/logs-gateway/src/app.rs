//! The running gateway: everything put together, in order.

use std::{io, rc::Rc, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::Client;
use rustls::ClientConfig;
use service_runtime::{
    audit::{AuditThread, OpenRecordError, open_record},
    clock::Clock,
    http::openapi::ApiDocs,
    ops::Readiness,
    service::{BindError, Listeners, ProcessState, ServiceIdentity},
    settings::{PathFault, check_file},
};
use tracing::{Instrument, error_span};
use url::Url;

use crate::{
    audit::{AuditEntry, ReadAudit},
    auth::{self, Authority, AuthorityMetrics, RestingInstances, RevalidationTimes},
    config::{AUDIT_FILE, AuthoritySettings, Config},
    front_reader::FrontReader,
    http::{self, GatewayState, PublicAddresses, SessionCookies, ViewerPage},
    metrics::BodyMetrics,
    nodes::Nodes,
    pods::PodCatalogs,
    reader::LogReader,
    readiness::keep_readiness,
    sources::{FrontNodes, OpenSourceError, Sources, check_source},
    streams::OpenStreams,
};

const IDENTITY: ServiceIdentity =
    ServiceIdentity { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

/// A gateway that has its addresses and its log directory, and does not answer yet.
pub(crate) struct App {
    listeners: Listeners,
    shared: SharedState,
    audit_thread: AuditThread<AuditEntry>,
    front: Option<FrontNodes>,
}

impl App {
    /// Opens the log directory, binds the listeners and prepares the rest.
    ///
    /// # Errors
    /// When the log directory or the audit file cannot be opened, an address is taken, or the
    /// operating system gives no thread.
    pub(crate) fn bind(config: Config) -> Result<Self, StartError> {
        let process = ProcessState::new();
        let mut sources = Sources::open(config.source, config.reading, config.node_name, &process)?;
        let front = sources.front.take();
        let record = open_record(config.audit_file)?;
        let (audit, audit_thread) =
            ReadAudit::start(record, process.clock.clone(), &process.metrics)?;
        let listeners = Listeners::bind(IDENTITY, config.runtime, process)?;
        let public = PublicAddresses {
            gateway: config.public_url.map_or_else(|| own_url(&listeners), Ok)?,
            sso: config.public_sso_url,
            tls: listeners.certificate(),
        };
        let (authority, streams) = (config.authority, config.reading.max_streams_per_user);
        let process = listeners.process();
        let shared = SharedState::new(sources, audit, authority, streams, public, process)?;
        Ok(Self { listeners, shared, audit_thread, front })
    }

    /// Answers requests until `stop` ends.
    ///
    /// # Errors
    /// When a listener fails.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let Self { listeners, shared, audit_thread, front } = self;
        if let Some(FrontNodes { nodes, targets }) = front {
            let keeping = nodes.keep_current(targets);
            actix_web::rt::spawn(keeping.instrument(error_span!("nodes")));
        }
        let audit = shared.audit.clone();
        let is_available = move || audit.is_available();
        shared.readiness.require("the audit of reading cannot be written", is_available);
        let keeping = keep_readiness(shared.pods.clone(), shared.readiness.clone());
        actix_web::rt::spawn(keeping.instrument(error_span!("readiness")));
        let edge = listeners.edge();
        let app = move || http::app(shared.state_of_worker(), edge.clone().of_worker());
        let ended =
            listeners.run(|public| public.closing_when_half_closed().serve(app), stop).await;
        // Bodies that were cut off are recorded by then.
        audit_thread.finish();
        ended
    }
}

/// Checks what the environment alone does not show: that the log directory can be opened, and the
/// audit file written.
///
/// # Errors
/// When a start would fail for that reason.
pub(crate) fn check(config: &Config) -> Result<(), StartError> {
    if let Some(file) = &config.audit_file {
        check_file(AUDIT_FILE, file)?;
    }
    Ok(check_source(&config.source)?)
}

/// The listener as a URL.
fn own_url(listeners: &Listeners) -> io::Result<Url> {
    let (scheme, address) = (listeners.scheme(), listeners.address());
    Url::parse(&format!("{scheme}://{address}")).map_err(io::Error::other)
}

/// The documentation, for callers that log in at this sso-service.
fn api_docs(sso: &Url) -> ApiDocs {
    let authority = sso.clone();
    ApiDocs::new(IDENTITY.name, move || http::api_document(&authority), Some(sso))
}

/// Everything that the workers share, and that each makes its own state of.
#[derive(Clone)]
pub(crate) struct SharedState {
    connections: AuthorityConnections,
    authority_metrics: AuthorityMetrics,
    cookies: SessionCookies,
    pods: PodCatalogs,
    nodes: Option<Arc<Nodes>>,
    front: Option<FrontReader>,
    node_name: Option<Arc<str>>,
    started_at: DateTime<Utc>,
    reader: Arc<LogReader>,
    audit: ReadAudit,
    bodies: BodyMetrics,
    streams: Arc<OpenStreams>,
    clock: Arc<dyn Clock>,
    readiness: Readiness,
    revalidation_times: RevalidationTimes,
    public: Arc<PublicAddresses>,
    docs: Arc<ApiDocs>,
    viewer: Arc<ViewerPage>,
}

impl SharedState {
    /// What a gateway at these addresses shares.
    ///
    /// # Errors
    /// When connections to the authority cannot be made at all.
    pub(crate) fn new(
        sources: Sources,
        audit: ReadAudit,
        authority: AuthoritySettings,
        max_streams_per_user: usize,
        public: PublicAddresses,
        process: &ProcessState,
    ) -> io::Result<Self> {
        let Sources { pods, reader, node_name, .. } = sources;
        reader.register(&process.metrics);
        Ok(Self {
            revalidation_times: authority.revalidation_times,
            connections: AuthorityConnections::new(authority)?,
            authority_metrics: AuthorityMetrics::new(&process.metrics),
            cookies: SessionCookies::read_over(public.gateway.scheme()),
            front: pods.nodes().map(|nodes| {
                FrontReader::new(nodes.clone(), reader.max_logs(), process.clock.clone())
            }),
            nodes: pods.nodes().cloned(),
            pods,
            node_name,
            started_at: process.clock.now(),
            reader: Arc::new(reader),
            audit,
            bodies: BodyMetrics::new(&process.metrics),
            streams: Arc::new(OpenStreams::new(max_streams_per_user)),
            clock: process.clock.clone(),
            readiness: process.readiness.clone(),
            docs: Arc::new(api_docs(&public.sso)),
            viewer: Arc::new(ViewerPage::new(&public.sso)?),
            public: Arc::new(public),
        })
    }

    /// The state of one more worker.
    pub(crate) fn state_of_worker(&self) -> GatewayState {
        let metrics = self.authority_metrics.clone();
        GatewayState {
            authority: Rc::new(self.connections.of_worker(&self.clock, metrics)),
            cookies: self.cookies,
            pods: self.pods.clone(),
            nodes: self.nodes.clone(),
            front: self.front.clone(),
            node_name: self.node_name.clone(),
            started_at: self.started_at,
            reader: self.reader.clone(),
            audit: self.audit.clone(),
            bodies: self.bodies.clone(),
            streams: self.streams.clone(),
            clock: self.clock.clone(),
            readiness: self.readiness.clone(),
            revalidation_times: self.revalidation_times,
            public: self.public.clone(),
            docs: self.docs.clone(),
            viewer: self.viewer.clone(),
        }
    }
}

/// How the workers reach the authority, each over connections of its own.
#[derive(Clone)]
struct AuthorityConnections {
    urls: Vec<Url>,
    resting: Arc<RestingInstances>,
    timeout: Duration,
    tls: ClientConfig,
    /// For a worker that cannot have connections of its own. It shows at the start whether
    /// connections can be made at all.
    spare: Client,
}

impl AuthorityConnections {
    fn new(settings: AuthoritySettings) -> io::Result<Self> {
        let AuthoritySettings { urls, trust, timeout, .. } = settings;
        let tls = trust.client_config().map_err(io::Error::other)?;
        let spare = auth::connections(tls.clone(), timeout).map_err(io::Error::other)?;
        let resting = Arc::new(RestingInstances::of(urls.len()));
        Ok(Self { urls, resting, timeout, tls, spare })
    }

    fn of_worker(&self, clock: &Arc<dyn Clock>, metrics: AuthorityMetrics) -> Authority {
        let client = auth::connections(self.tls.clone(), self.timeout);
        let client = client.unwrap_or_else(|_| self.spare.clone());
        let resting = self.resting.clone();
        Authority::new(&client, &self.urls, resting, self.timeout, clock, metrics)
    }
}

/// The gateway could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// An address is taken, or does not belong to this machine.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The source of the logs cannot be opened.
    #[error(transparent)]
    Source(#[from] OpenSourceError),
    /// The audit file cannot be opened.
    #[error("{AUDIT_FILE}: {0}")]
    AuditFile(#[from] OpenRecordError),
    /// The audit file could not be written.
    #[error(transparent)]
    Path(#[from] PathFault),
    /// The operating system refused something.
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
}
