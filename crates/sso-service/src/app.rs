//! The running service: everything put together, in order.

use std::{io, time::Duration};

use service_runtime::{
    audit::{OpenRecordError, open_record},
    service::{BindError, Listeners, ProcessState, ServiceIdentity},
};
use shared_types::NamePrefix;
use tokio::time::timeout;

use crate::{
    administration::FirstAdminError,
    config::Config,
    http,
    services::{AssembleError, ServiceSettings, Services},
    sessions::{RedisClient, RedisError},
    site::{Origin, Site},
    store::{InstanceLock, LockError, OpenError, Sharing, Store},
    timekeeping::{self, ClockError},
};

const IDENTITY: ServiceIdentity =
    ServiceIdentity { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

/// How long the last writes may take when everything else has stopped.
const LAST_WRITES: Duration = Duration::from_millis(1500);

/// A service that has its addresses, its database with all sessions in memory, and its first
/// administrator, and does not answer yet.
#[derive(Debug)]
pub(crate) struct App {
    listeners: Listeners,
    services: Services,
    site: Site,
    kubernetes_prefix: NamePrefix,
    /// Released when the database is closed.
    _lock: InstanceLock,
}

impl App {
    /// Reads the database, binds the listeners and prepares the rest.
    ///
    /// # Errors
    /// When another instance runs on the database, an address is taken, the database cannot be
    /// opened, or the first administrator cannot be created.
    pub(crate) async fn bind(mut config: Config) -> Result<Self, StartError> {
        let lock = InstanceLock::take(&config.database)?;
        let process = ProcessState::new();
        let (clock, metrics) = (process.clock.clone(), process.metrics.clone());
        let store = open_store(&mut config, &process).await?;
        let record = open_record(config.audit_file.take())?;
        // A listener that does not answer yet would make clients wait while the database is read.
        let (settings, first_admin) = (settings(&config), config.first_admin.take());
        let listeners = Listeners::bind(IDENTITY, config.runtime, process)?;
        lock.sign(listeners.address());
        let site = config.site.at(Origin::of_listener(listeners.scheme(), listeners.address()));
        let services =
            Services::assemble(store, clock, record, settings, &site, first_admin, &metrics)
                .await?;
        let kubernetes_prefix = config.kubernetes_prefix;
        Ok(Self { listeners, services, site, kubernetes_prefix, _lock: lock })
    }

    /// Answers requests until `stop` ends.
    ///
    /// # Errors
    /// When a listener fails.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let Self { listeners, services, site, kubernetes_prefix, _lock } = self;
        let store = services.store.clone();
        let readiness = &listeners.process().readiness;
        let redis = services.store.clone();
        readiness.require("the database cannot be written", move || store.is_healthy());
        readiness.require("Redis cannot be reached", move || redis.reaches_live_tokens());
        let issuer = site.origin().as_str().to_owned();
        let (shared, edge) =
            (http::AppState::new(&services, site, kubernetes_prefix), listeners.edge());
        let store = services.store.clone();
        let running = services.start(issuer);
        let app = move || http::app(shared.clone(), edge.clone());
        let stop = async {
            tokio::select! {
                () = stop => {}
                () = store.failed() => {}
            }
        };
        let ended = listeners.run(|public| public.serve(app), stop).await;
        if timeout(LAST_WRITES, running.finish()).await.is_err() {
            tracing::warn!("the database was not closed in time");
        }
        if store.has_failed() {
            return Err(io::Error::other("the database cannot be relied on any more"));
        }
        ended
    }
}

/// Opens the database, and has the clock go on from where it was.
///
/// # Errors
/// When the database or Redis cannot be used, or the clock is behind.
pub(crate) async fn open_store(
    config: &mut Config,
    process: &ProcessState,
) -> Result<Store, StartError> {
    let (clock, metrics) = (&process.clock, &process.metrics);
    let redis = match config.session_store.take() {
        Some(servers) => Some(RedisClient::start(servers, clock.clone()).await?),
        None => None,
    };
    let sharing = Sharing { stale_max: config.stale_max, clock: Some(clock.clone()), redis };
    let store = Store::open(&config.database, config.limits, sharing, metrics).await?;
    timekeeping::continue_time(&store, clock).await?;
    Ok(store)
}

/// What the configuration says about the use cases.
pub(crate) fn settings(config: &Config) -> ServiceSettings {
    ServiceSettings {
        lifetimes: config.lifetimes,
        login_limits: config.login_limits,
        password_rules: config.password_rules,
        registration: config.registration,
        oauth: config.oauth.clone(),
        mail: config.mail.clone(),
        must_verify: config.must_verify,
        upstream: config.upstream.clone(),
        reserved: config.first_admin.as_ref().map(|admin| admin.username.clone()),
    }
}

/// The service could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// An address is taken, or not ours.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Another instance runs on the database.
    #[error("SSO_DATABASE_URL: {0}")]
    Lock(#[from] LockError),
    /// The database cannot be opened.
    #[error("SSO_DATABASE_URL: {0}")]
    Database(#[from] OpenError),
    /// Redis cannot be used.
    #[error("SSO_SESSION_STORE: {0}")]
    SessionStore(#[from] RedisError),
    /// The clock is behind the greatest instant seen.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The use cases could not be put together.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The audit log cannot be written.
    #[error("SSO_AUDIT_FILE: {0}")]
    AuditFile(#[from] OpenRecordError),
    /// The operating system refused something.
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
}

impl StartError {
    /// Whether another configuration would help.
    pub(crate) fn is_about_configuration(&self) -> bool {
        match self {
            Self::Assemble(AssembleError::FirstAdmin(FirstAdminError::NameTaken(_)))
            | Self::Lock(_)
            | Self::SessionStore(RedisError::Cluster)
            | Self::Clock(ClockError::Behind { .. })
            | Self::AuditFile(_) => true,
            Self::Assemble(AssembleError::SigningKeys { source }) => source.is_about_the_secret(),
            Self::Database(error) => error.is_about_configuration(),
            _ => false,
        }
    }
}
