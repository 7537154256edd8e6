//! The running service: everything put together, in order.

use std::{
    io::{self, Write},
    net::TcpListener,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use actix_web::{rt::task::JoinHandle, web};
use service_runtime::{
    clock::{Clock, SystemClock},
    http::Edge,
    lifecycle::{self, BindError, ReadyLine},
    metrics::{HttpMetrics, Metrics},
    ops::{self, Readiness},
    server::{Descriptors, HttpServer, PublicLimits},
    tls::LivePair,
};
use tokio::time::timeout;

use crate::{
    accounts::Accounts,
    administration::Administration,
    audit::{AuditFile, AuditLog, AuditRows, AuditThread, past_log_ins},
    authority::SessionAuthority,
    config::Config,
    http::{self, Services},
    keys::LiveKeys,
    limiter::Limiter,
    login_guard::LoginGuard,
    network::Network,
    sessions::{Follower, Journal, Keeper, LiveSessions, SessionStore, restore},
    site::Origin,
    store::{Database, InstanceLock, LockError, OpenError, Unavailable},
    timekeeping::{self, ClockError},
    users::{FirstAdminError, Hasher, UserStore, ensure_admin},
};

/// What writing may take when everything else has stopped.
const LAST_WRITES: Duration = Duration::from_millis(1500);
/// A service that has its addresses, its database with all sessions in memory, and its first
/// administrator, and does not answer yet.
#[derive(Debug)]
pub(crate) struct App {
    public: HttpServer,
    ops: HttpServer,
    line: ReadyLine,
    database: Database,
    services: Services,
    edge: Edge,
    requests: HttpMetrics,
    metrics: Arc<Metrics>,
    keeper: Arc<Keeper>,
    keeping: JoinHandle<()>,
    audit_thread: AuditThread,
    audit_rows: JoinHandle<()>,
    /// Released when the database is closed.
    _lock: InstanceLock,
}

impl App {
    /// Reads the database, binds the listeners and prepares the rest.
    ///
    /// # Errors
    /// When another instance runs on the database, an address is taken, the database cannot be
    /// opened, or the first administrator cannot be created.
    pub(crate) async fn bind(config: Config) -> Result<Self, StartError> {
        let descriptors = Descriptors::raise_limit();
        let lock = InstanceLock::take(&config.database)?;
        let metrics = Arc::new(Metrics::default());
        let clock = Arc::new(SystemClock::default());
        let live = Arc::new(LiveSessions::new(&metrics));
        let keys = Arc::new(LiveKeys::default());
        let journal = Journal::open(&config.database).map_err(StartError::Journal)?;
        restore(&journal, &live, &keys);
        let follower = Follower::new(live.clone(), keys.clone());
        let database = Database::open(&config.database, follower).await?;
        database.show(&metrics);
        timekeeping::go_on(&database, &clock).await?;
        let clock: Arc<dyn Clock> = clock;
        let record = audit_record(config.audit_file)?;
        let (rows, audit_rows) = AuditRows::start(database.clone(), &metrics);
        let (audit, audit_thread) = AuditLog::start(record, Some(rows), clock.clone(), &metrics)?;
        // Nobody is to wait for a service that still reads.
        let public = lifecycle::bind(config.runtime.listen)?;
        let ops = lifecycle::bind(config.runtime.ops_listen)?;
        let line = ready_line(&public, &ops)?;
        lock.sign(line.listening);
        let scheme = if config.runtime.tls.is_some() { "https" } else { "http" };
        let site = config.site.at(Origin::of_listener(scheme, line.listening));
        let tls = config.runtime.tls.map(|(files, pair)| LivePair::start(files, pair, &metrics));

        let users = UserStore::new(database.clone());
        let hasher = Hasher::start(&metrics)?;
        ensure_admin(&users, &hasher, config.first_admin, clock.now()).await?;

        let sessions = Arc::new(SessionStore::new(
            config.limits,
            database.clone(),
            live,
            keys.clone(),
            journal,
        ));
        let keeper =
            Arc::new(Keeper::new(sessions.clone(), clock.clone(), audit.clone(), &metrics));
        let keeping = actix_web::rt::spawn({
            let keeper = keeper.clone();
            async move { keeper.run().await }
        });
        let limiter = Limiter::new(config.login_limits, &metrics);
        for log_in in past_log_ins(&database).await? {
            limiter.remember(log_in.user_id, Network::of(log_in.ip), log_in.at);
        }
        let guard = Arc::new(LoginGuard::new(clock.clone(), limiter, hasher, audit.clone()));
        let accounts = Accounts::new(
            clock.clone(),
            users.clone(),
            guard.clone(),
            config.registration,
            config.password_rules,
            audit.clone(),
        );
        let administration = Administration::new(
            clock.clone(),
            &database,
            sessions.clone(),
            guard.clone(),
            config.password_rules,
            audit.clone(),
        );
        let authority = SessionAuthority::new(
            clock.clone(),
            config.lifetimes,
            users,
            guard,
            sessions,
            keys,
            audit,
            &metrics,
        );
        let requests = HttpMetrics::new(&metrics);
        let (proxies, workers) = (config.runtime.trusted_proxies, config.runtime.workers);
        let limits = PublicLimits { descriptors, workers, trusted_proxies: proxies.clone() };
        Ok(Self {
            public: HttpServer::public(public, clock.clone(), limits, &metrics).over_tls(tls),
            ops: HttpServer::operations(ops, clock.clone(), descriptors),
            line,
            database,
            services: Services {
                authority: web::Data::new(authority),
                accounts: web::Data::new(accounts),
                administration: web::Data::new(administration),
                site: web::Data::new(site),
            },
            edge: Edge::new(clock, requests.clone(), proxies),
            requests,
            metrics,
            keeper,
            keeping,
            audit_thread,
            audit_rows,
            _lock: lock,
        })
    }

    /// Answers requests until `stop` ends.
    ///
    /// # Errors
    /// When a listener fails.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let readiness = Readiness::default();
        let database = self.database.clone();
        readiness.require("the database cannot be written", move || database.is_healthy());
        let (services, edge) = (self.services, self.edge);
        let public = self.public.serve(move || http::app(services.clone(), edge.clone()))?;
        let ops = ops::server(self.ops, self.metrics, readiness.clone())?;
        let (line, requests) = (&self.line, &self.requests);
        let ended = lifecycle::run(line, public, ops, &readiness, requests, stop).await;
        self.keeping.abort();
        self.audit_thread.finish();
        let last_writes = async {
            self.keeper.finish().await;
            // The last events are on their way; a panic among them changes nothing here.
            let _ = self.audit_rows.await;
            self.database.close().await;
        };
        if timeout(LAST_WRITES, last_writes).await.is_err() {
            tracing::warn!("the database was not closed in time");
        }
        ended
    }
}

/// Standard error is the record where no file is named.
fn audit_record(file: Option<PathBuf>) -> Result<Box<dyn Write + Send>, StartError> {
    match file {
        None => Ok(Box::new(io::stderr())),
        Some(path) => match AuditFile::open(path.clone()) {
            Ok(file) => Ok(Box::new(file)),
            Err(cause) => Err(StartError::AuditFile { path, cause }),
        },
    }
}

fn ready_line(public: &TcpListener, ops: &TcpListener) -> io::Result<ReadyLine> {
    Ok(ReadyLine {
        service: env!("CARGO_PKG_NAME"),
        listening: public.local_addr()?,
        ops: ops.local_addr()?,
        version: env!("CARGO_PKG_VERSION"),
    })
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
    /// The database cannot be read.
    #[error("SSO_DATABASE_URL: {0}")]
    Database(#[from] OpenError),
    /// The database cannot be read.
    #[error("SSO_DATABASE_URL: {0}")]
    Unavailable(#[from] Unavailable),
    /// There is no place for what cannot be written to the database.
    #[error("SSO_DATABASE_URL: cannot open the journal beside the database: {0}")]
    Journal(#[source] io::Error),
    /// The clock is behind what was seen before.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// There is no administrator and none could be created.
    #[error(transparent)]
    FirstAdmin(#[from] FirstAdminError),
    /// The audit log cannot be written.
    #[error("SSO_AUDIT_FILE: cannot open {}: {cause}", .path.display())]
    AuditFile {
        /// Where it should be.
        path: PathBuf,
        /// Why it is not there.
        cause: io::Error,
    },
    /// The operating system refused something.
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
}

impl StartError {
    /// Whether another configuration is what is needed.
    pub(crate) fn is_about_configuration(&self) -> bool {
        match self {
            Self::FirstAdmin(FirstAdminError::NameTaken(_))
            | Self::Lock(_)
            | Self::Clock(ClockError::Behind { .. })
            | Self::AuditFile { .. } => true,
            Self::Database(error) => error.is_about_configuration(),
            _ => false,
        }
    }
}
