//! Configuration from the environment: the only place that reads it.

mod accounts;
#[cfg(test)]
mod config_tests;
mod database;
mod mail;
mod oauth;
mod sessions;
mod site;
mod upstream;

use std::{path::PathBuf, time::Duration};

use service_runtime::{
    service::{DefaultPorts, RuntimeSettings},
    settings::{Faults, PathFault, Settings, Warnings, check_directory, check_file},
    tls::Trust,
};
use shared_types::NamePrefix;

pub(crate) use self::database::database;
use self::{
    accounts::{first_admin, login_limits, password_rules, registration},
    database::session_store,
    mail::{mail, must_verify},
    oauth::oauth,
    sessions::{lifetimes, session_limits, stale_max},
    site::site,
    upstream::upstream,
};
use crate::{
    accounts::Registration,
    authority::Lifetimes,
    limiter::LoginLimits,
    mail::MailSettings,
    oauth::OAuthSettings,
    sessions::{RedisServers, SessionLimits},
    site::SiteSettings,
    store::Location,
    upstream::UpstreamSettings,
    users::{FirstAdmin, PasswordRules},
};

const PORTS: DefaultPorts = DefaultPorts { public: 8001, operations: 9001 };

/// All settings of the service.
#[derive(Debug)]
pub(crate) struct Config {
    /// The settings that every service has.
    pub(crate) runtime: RuntimeSettings,
    /// Where users and sessions are stored.
    pub(crate) database: Location,
    /// Where live tokens are shared. `None`: they are in memory.
    pub(crate) session_store: Option<RedisServers>,
    /// How long tokens and sessions live.
    pub(crate) lifetimes: Lifetimes,
    /// How many sessions there may be.
    pub(crate) limits: SessionLimits,
    /// How long an instance on PostgreSQL may answer from memory without a look at the database.
    pub(crate) stale_max: Duration,
    /// How many log-ins may fail.
    pub(crate) login_limits: LoginLimits,
    /// The file for security events. `None`: standard error.
    pub(crate) audit_file: Option<PathBuf>,
    /// The rules for new passwords.
    pub(crate) password_rules: PasswordRules,
    /// Whether anybody may create an account.
    pub(crate) registration: Registration,
    /// The administrator to create when there is none.
    pub(crate) first_admin: Option<FirstAdmin>,
    /// What JWTs are issued for, and how their keys are stored.
    pub(crate) oauth: OAuthSettings,
    /// How mail leaves the service. `None`: no mail is sent.
    pub(crate) mail: Option<MailSettings>,
    /// Whether users who registered have to verify their address before they log in.
    pub(crate) must_verify: bool,
    /// The provider that users log in by, and whose certificates are trusted for it.
    pub(crate) upstream: Option<(UpstreamSettings, Trust)>,
    /// How browsers reach the service, and what they may do there.
    pub(crate) site: SiteSettings,
    /// The prefix of our names in Kubernetes clusters.
    pub(crate) kubernetes_prefix: NamePrefix,
    /// Settings that are allowed and seldom intended.
    pub(crate) warnings: Warnings,
}

impl Config {
    /// Reads the configuration from environment variables.
    ///
    /// # Errors
    /// All faults at once: values that are wrong, and variables under `SSO_` that are unknown.
    pub(crate) fn read(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        let mut settings = Settings::read("SSO_", variables);
        let runtime = RuntimeSettings::read(&mut settings, PORTS);
        let site = site(&mut settings);
        if site.public_url.is_none() {
            let consequence = "forms on pages that were opened by another address are refused";
            runtime.warn_of_no_public_url(&mut settings, consequence);
        }
        let password_rules = password_rules(&mut settings);
        let must_verify = must_verify(&mut settings);
        Ok(Self {
            runtime,
            database: settings
                .get_or_file("SSO_DATABASE_URL", database)
                .unwrap_or_else(|| Location::File("sso.db".into())),
            session_store: settings.get_or_file("SSO_SESSION_STORE", session_store).flatten(),
            lifetimes: lifetimes(&mut settings),
            limits: session_limits(&mut settings),
            stale_max: stale_max(&mut settings),
            login_limits: login_limits(&mut settings),
            audit_file: settings.text("SSO_AUDIT_FILE").map(PathBuf::from),
            password_rules,
            registration: registration(&mut settings),
            first_admin: first_admin(&mut settings, password_rules),
            oauth: oauth(&mut settings),
            mail: mail(&mut settings),
            upstream: upstream(&mut settings),
            must_verify,
            site,
            kubernetes_prefix: settings.get("SSO_K8S_PREFIX", str::parse).unwrap_or_default(),
            warnings: settings.finish()?,
        })
    }

    /// Checks that the files that are named can be written, without writing to them.
    ///
    /// # Errors
    /// When one of them cannot be written.
    pub(crate) fn check_paths(&self) -> Result<(), PathFault> {
        if let Location::File(path) = &self.database {
            check_directory("SSO_DATABASE_URL", path)?;
            check_file("SSO_DATABASE_URL", path)?;
        }
        self.audit_file.as_ref().map_or(Ok(()), |path| check_file("SSO_AUDIT_FILE", path))
    }
}
