//! The composition root: the use cases and all they work with, put together in one place, for the
//! service, for tests and for commands in a shell.

use std::{
    io::{self, Write},
    sync::Arc,
};

use service_runtime::{clock::Clock, metrics::Metrics, tls::Trust};
use tokio::task::{JoinHandle, spawn_local};
use tracing::{Instrument, error_span};

use crate::{
    accounts::{AccountPolicy, Accounts, MailPolicy, Registration},
    administration::{Administration, FirstAdminError, ensure_admin},
    audit::{AuditLog, AuditRows, AuditThread, WaitingRows},
    authority::{Lifetimes, SessionAuthority},
    limiter::{Limiter, LoginLimits},
    login_guard::LoginGuard,
    mail::{MailError, MailSender, MailSettings},
    network::Network,
    oauth::{OAuthSettings, SigningError, SigningKeys, TokenExchange},
    oidc::{BackChannel, BackChannelError, OidcProvider},
    site::Site,
    store::{Store, Unavailable},
    upkeep::{MailDelivery, Upkeep, write_audit_rows},
    upstream::{UpstreamError, UpstreamLogIn, UpstreamProvider, UpstreamSettings},
    users::{FirstAdmin, Hasher, PasswordRules, Username},
};

/// How the use cases are configured.
#[derive(Debug, Clone)]
pub(crate) struct ServiceSettings {
    pub(crate) lifetimes: Lifetimes,
    pub(crate) login_limits: LoginLimits,
    pub(crate) password_rules: PasswordRules,
    pub(crate) registration: Registration,
    pub(crate) oauth: OAuthSettings,
    /// `None`: no mail is sent.
    pub(crate) mail: Option<MailSettings>,
    /// Whether users who registered have to verify their address before they log in.
    pub(crate) must_verify: bool,
    /// The provider that users log in by.
    pub(crate) upstream: Option<(UpstreamSettings, Trust)>,
    /// A name that no newcomer gets: that of the first administrator.
    pub(crate) reserved: Option<Username>,
}

/// The use cases of a service, and its work in the background.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) authority: Arc<SessionAuthority>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) administration: Arc<Administration>,
    pub(crate) signing_keys: Arc<SigningKeys>,
    pub(crate) token_exchange: Arc<TokenExchange>,
    pub(crate) provider: Arc<OidcProvider>,
    back_channel: BackChannel,
    pub(crate) upkeep: Arc<Upkeep>,
    /// `None`: users log in with a password alone.
    pub(crate) upstream: Option<Arc<UpstreamLogIn>>,
    /// `None`: no mail is sent.
    pub(crate) mail_delivery: Option<MailDelivery>,
    pub(crate) store: Store,
    audit_thread: AuditThread,
    waiting_rows: WaitingRows,
}

impl Services {
    /// Puts the use cases on this store together, with the first administrator if one is needed.
    /// Links in mail lead to the site.
    /// Nothing happens by itself before [`Services::start`].
    ///
    /// # Errors
    /// When the operating system gives no thread, the store cannot be read, or the first
    /// administrator cannot be created.
    pub(crate) async fn assemble(
        store: Store,
        clock: Arc<dyn Clock>,
        record: Box<dyn Write + Send>,
        settings: ServiceSettings,
        site: &Site,
        first_admin: Option<FirstAdmin>,
        metrics: &Metrics,
    ) -> Result<Self, AssembleError> {
        let (rows, waiting_rows) = AuditRows::new(metrics);
        let (audit, audit_thread) = AuditLog::start(record, Some(rows), clock.clone(), metrics)?;
        let hasher = Hasher::start(metrics)?;
        ensure_admin(&store, &hasher, first_admin, clock.now()).await?;
        let limiter = Limiter::new(settings.login_limits, metrics);
        for log_in in store.past_log_ins().await? {
            limiter.remember(log_in.user_id, Network::of(log_in.ip), log_in.at);
        }
        let guard = Arc::new(LoginGuard::new(clock.clone(), limiter, hasher, audit.clone()));
        let upkeep = Upkeep::new(store.clone(), clock.clone(), audit.clone(), metrics);
        let mail_policy =
            MailPolicy { is_sent: settings.mail.is_some(), must_verify: settings.must_verify };
        let accounts = Accounts::new(
            clock.clone(),
            store.clone(),
            guard.clone(),
            AccountPolicy {
                registration: settings.registration,
                rules: settings.password_rules,
                mail: mail_policy,
                reserved: settings.reserved.clone(),
                upstream: settings.upstream.as_ref().map(|(provider, _)| provider.name.clone()),
            },
            audit.clone(),
        );
        let administration = Administration::new(
            clock.clone(),
            store.clone(),
            guard.clone(),
            settings.password_rules,
            audit.clone(),
        );
        let authority = Arc::new(SessionAuthority::new(
            clock.clone(),
            settings.lifetimes,
            settings.must_verify,
            store.clone(),
            guard,
            audit.clone(),
            metrics,
        ));
        let upstream = match settings.upstream {
            None => None,
            Some((provider, trust)) => {
                let (store, clock) = (store.clone(), clock.clone());
                let provider = UpstreamProvider::new(provider, &trust, clock.clone())?;
                let (authority, audit) = (authority.clone(), audit.clone());
                let reserved = settings.reserved;
                let log_in = UpstreamLogIn::new(provider, store, authority, clock, audit, reserved);
                Some(Arc::new(log_in))
            }
        };
        let mail_delivery = match settings.mail {
            None => None,
            Some(mail) => {
                let sender = MailSender::new(&mail, site.origin().host())?;
                let (store, clock) = (store.clone(), clock.clone());
                Some(MailDelivery::new(store, clock, sender, site.clone(), metrics))
            }
        };
        let OAuthSettings { audiences, secret_key, rsa_key } = settings.oauth;
        let signing_keys = SigningKeys::open(store.clone(), clock.clone(), secret_key).await?;
        let signing_keys = Arc::new(signing_keys.with_rsa_key(rsa_key));
        let provider = OidcProvider::new(
            clock.clone(),
            store.clone(),
            signing_keys.clone(),
            settings.lifetimes,
            audit.clone(),
        );
        let back_channel =
            BackChannel::new(store.clone(), signing_keys.clone(), clock.clone(), metrics)?;
        let token_exchange =
            TokenExchange::new(clock, authority.clone(), signing_keys.clone(), audiences, audit);
        Ok(Self {
            authority,
            accounts: Arc::new(accounts),
            administration: Arc::new(administration),
            signing_keys,
            token_exchange: Arc::new(token_exchange),
            provider: Arc::new(provider),
            back_channel,
            upkeep: Arc::new(upkeep),
            upstream,
            mail_delivery,
            store,
            audit_thread,
            waiting_rows,
        })
    }

    /// Starts the work in the background, of a service with this issuer.
    pub(crate) fn start(self, issuer: String) -> RunningServices {
        let Self { store, signing_keys, back_channel, upkeep, mail_delivery, .. } = self;
        let (audit_thread, waiting_rows) = (self.audit_thread, self.waiting_rows);
        let notices = async move { back_channel.run(&issuer).await };
        let notices = spawn_local(notices.instrument(error_span!("back_channel")));
        let audit_rows = write_audit_rows(store.clone(), waiting_rows);
        let audit_rows = spawn_local(audit_rows.instrument(error_span!("audit_rows")));
        let periodic = {
            let upkeep = upkeep.clone();
            async move { upkeep.run().await }
        };
        let periodic = spawn_local(periodic.instrument(error_span!("upkeep")));
        let rotation = async move { signing_keys.keep_rotating().await };
        let rotation = spawn_local(rotation.instrument(error_span!("signing_keys")));
        let mail = async move {
            if let Some(delivery) = mail_delivery {
                delivery.run().await;
            }
        };
        let mail = spawn_local(mail.instrument(error_span!("mail")));
        let tasks = vec![periodic, rotation, mail, notices];
        RunningServices { store, upkeep, tasks, audit_thread, audit_rows }
    }

    /// Ends the audit log when everything is written that was recorded before.
    #[cfg(test)]
    pub(crate) fn finish_audit(self) {
        self.audit_thread.finish();
    }
}

/// The work of a service in the background.
#[derive(Debug)]
pub(crate) struct RunningServices {
    store: Store,
    upkeep: Arc<Upkeep>,
    /// What goes on until it is ended.
    tasks: Vec<JoinHandle<()>>,
    audit_thread: AuditThread,
    audit_rows: JoinHandle<()>,
}

impl RunningServices {
    /// Ends the work when no request is left. When the future ends, everything is written and the
    /// store is closed.
    pub(crate) fn finish(self) -> impl Future<Output = ()> {
        let Self { store, upkeep, tasks, audit_thread, audit_rows } = self;
        tasks.iter().for_each(JoinHandle::abort);
        audit_thread.finish();
        async move {
            upkeep.finish().await;
            // The last events are on their way; a panic among them changes nothing here.
            let _ = audit_rows.await;
            store.close().await;
        }
    }
}

/// Administration for a command in a shell.
#[derive(Debug)]
pub(crate) struct CommandServices {
    pub(crate) administration: Administration,
    audit_thread: AuditThread,
}

impl CommandServices {
    /// Puts administration of this store together. Its events are rows of the store, and go to
    /// `record` besides.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn assemble(
        store: Store,
        clock: Arc<dyn Clock>,
        record: Box<dyn Write + Send>,
        rules: PasswordRules,
    ) -> io::Result<Self> {
        let metrics = Metrics::default();
        let (audit, audit_thread) = AuditLog::start(record, None, clock.clone(), &metrics)?;
        // A command verifies no password, so the limits do not matter.
        let limiter = Limiter::new(LoginLimits { per_network: 0, per_account: 0 }, &metrics);
        let hasher = Hasher::start(&metrics)?;
        let guard = Arc::new(LoginGuard::new(clock.clone(), limiter, hasher, audit.clone()));
        let administration = Administration::new(clock, store, guard, rules, audit);
        Ok(Self { administration, audit_thread })
    }

    /// Returns when all lines of the audit log are written.
    pub(crate) fn finish(self) {
        self.audit_thread.finish();
    }
}

/// The use cases could not be put together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssembleError {
    /// There is no administrator, and none could be created.
    #[error(transparent)]
    FirstAdmin(#[from] FirstAdminError),
    /// The database cannot be read.
    #[error("SSO_DATABASE_URL: {0}")]
    Unavailable(#[from] Unavailable),
    /// The signing keys cannot be decrypted, read or created.
    #[error("{}: {source}", .source.variable())]
    SigningKeys {
        /// Why not.
        #[from]
        source: SigningError,
    },
    /// The connection to the provider cannot be prepared.
    #[error("SSO_OIDC_ISSUER: {0}")]
    Upstream(#[from] UpstreamError),
    /// The connection to the mail server cannot be prepared.
    #[error("SSO_SMTP_URL: {0}")]
    Mail(#[from] MailError),
    /// The connections to clients cannot be set up.
    #[error("cannot start: {0}")]
    BackChannel(#[from] BackChannelError),
    /// The operating system gives no thread.
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
}
