//! Configuration from the environment: the only place that reads it.

mod paths;
mod site;

use std::{net::SocketAddr, num::NonZero, path::PathBuf, str::FromStr, thread, time::Duration};

use service_runtime::{
    http::TrustedProxies,
    settings::{
        Faults, Settings, Warnings, duration, log_format, log_level, networks, positive,
        socket_address, threads,
    },
    telemetry::TelemetrySettings,
    tls::{Pair, PairFiles},
};
use tracing::level_filters::LevelFilter;
use zeroize::Zeroizing;

pub(crate) use paths::PathFault;
use paths::{check_directory, check_file};

use crate::{
    accounts::Registration,
    authority::Lifetimes,
    limiter::LoginLimits,
    sessions::Limits,
    site::SiteSettings,
    store::Location,
    users::{FirstAdmin, MAX_PASSWORD_BYTES, Password, PasswordRules, Username},
};

const TRUSTED_PROXIES: &str = "SSO_TRUSTED_PROXIES";

const UNSUPPORTED: &str = "is not supported by this version";

/// Everything the service is told at its start.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where requests come in.
    pub(crate) listen: SocketAddr,
    /// Where probes and scrapers come in.
    pub(crate) ops_listen: SocketAddr,
    /// The certificate for `listen`; plain HTTP without one.
    pub(crate) tls: Option<(PairFiles, Pair)>,
    /// Where users and sessions are kept.
    pub(crate) database: Location,
    /// How long tokens and sessions live.
    pub(crate) lifetimes: Lifetimes,
    /// How many sessions there may be.
    pub(crate) limits: Limits,
    /// How many log-ins may fail.
    pub(crate) login_limits: LoginLimits,
    /// Where security events are written, if not to standard error.
    pub(crate) audit_file: Option<PathBuf>,
    /// What a new password has to obey.
    pub(crate) password_rules: PasswordRules,
    /// Whether strangers may create accounts.
    pub(crate) registration: Registration,
    /// Who is to administer, when nobody does.
    pub(crate) first_admin: Option<FirstAdmin>,
    /// How browsers see the service.
    pub(crate) site: SiteSettings,
    /// Whose `X-Forwarded-For` counts.
    pub(crate) trusted_proxies: TrustedProxies,
    /// How many threads answer requests.
    pub(crate) workers: usize,
    /// How much is logged, and how.
    pub(crate) telemetry: TelemetrySettings,
    /// What is seldom meant to be so.
    pub(crate) warnings: Warnings,
    /// Variables that are set and well-formed and change nothing yet.
    pub(crate) without_effect: Vec<&'static str>,
}

impl Config {
    /// Reads the configuration from environment variables.
    ///
    /// # Errors
    /// When a value is wrong, or a variable under `SSO_` is not known: every fault at once.
    pub(crate) fn read(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        let mut settings = Settings::read("SSO_", variables);
        refuse_unsupported(&mut settings);
        let without_effect = check_without_effect(&mut settings);
        let password_rules = PasswordRules {
            min_length: settings.get("SSO_PASSWORD_MIN_LENGTH", password_length).unwrap_or(15),
        };
        let first_admin = first_admin(&mut settings, password_rules);
        let tls = PairFiles::configured(&mut settings, "SSO_TLS_CERT", "SSO_TLS_KEY");
        let trusted_proxies = settings.get(TRUSTED_PROXIES, networks).unwrap_or_default();
        settings.warn_of_trusting_everyone(TRUSTED_PROXIES, &trusted_proxies);
        let mut config = Self {
            listen: address(&mut settings, "SSO_LISTEN", 8001),
            ops_listen: address(&mut settings, "SSO_OPS_LISTEN", 9001),
            database: settings
                .get_or_file("SSO_DATABASE_URL", database)
                .unwrap_or_else(|| Location::File("sso.db".into())),
            lifetimes: lifetimes(&mut settings),
            limits: limits(&mut settings),
            login_limits: login_limits(&mut settings),
            audit_file: settings.get("SSO_AUDIT_FILE", path),
            password_rules,
            registration: settings
                .get("SSO_REGISTRATION", registration)
                .unwrap_or(Registration::Closed),
            first_admin,
            site: site::site(&mut settings),
            tls,
            trusted_proxies: TrustedProxies::new(trusted_proxies),
            workers: settings.get("SSO_WORKERS", threads).unwrap_or_else(cores),
            telemetry: telemetry(&mut settings),
            warnings: Warnings::default(),
            without_effect,
        };
        if config.site.public_url.is_none() {
            let consequence = "forms on pages that were opened by another address are refused";
            settings.warn_of_no_public_url("SSO_PUBLIC_URL", config.listen, consequence);
        }
        config.warnings = settings.take_warnings();
        settings.finish()?;
        Ok(config)
    }
}

impl Config {
    /// Checks that the files that are named can be written, without writing to them.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub(crate) fn check_paths(&self) -> Result<(), PathFault> {
        if let Location::File(path) = &self.database {
            check_directory("SSO_DATABASE_URL", path)?;
            check_file("SSO_DATABASE_URL", path)?;
        }
        self.audit_file.as_ref().map_or(Ok(()), |path| check_file("SSO_AUDIT_FILE", path))
    }
}

fn address(settings: &mut Settings, name: &'static str, port: u16) -> SocketAddr {
    settings.get(name, socket_address).unwrap_or_else(|| ([127, 0, 0, 1], port).into())
}

fn lifetimes(settings: &mut Settings) -> Lifetimes {
    let mut read = |name, default_minutes: u64| {
        let default = Duration::from_secs(default_minutes * 60);
        settings.get(name, duration).unwrap_or(default)
    };
    Lifetimes {
        token: read("SSO_TOKEN_TTL", 30),
        refresh: read("SSO_REFRESH_TTL", 8 * 60),
        session: read("SSO_SESSION_MAX_AGE", 24 * 60),
    }
}

fn limits(settings: &mut Settings) -> Limits {
    Limits {
        per_user: settings.get("SSO_MAX_SESSIONS_PER_USER", positive).unwrap_or(20),
        total: settings.get("SSO_MAX_SESSIONS", positive).unwrap_or(10_000_000),
    }
}

fn login_limits(settings: &mut Settings) -> LoginLimits {
    LoginLimits {
        per_network: settings.get("SSO_LOGIN_FAILURES_PER_IP", limit).unwrap_or(30),
        per_account: settings.get("SSO_LOGIN_FAILURES_PER_USER", limit).unwrap_or(10),
    }
}

fn telemetry(settings: &mut Settings) -> TelemetrySettings {
    TelemetrySettings {
        format: settings.get("SSO_LOG_FORMAT", log_format),
        level: settings.get("SSO_LOG_LEVEL", log_level).unwrap_or(LevelFilter::INFO),
    }
}

fn first_admin(settings: &mut Settings, rules: PasswordRules) -> Option<FirstAdmin> {
    const NAME: &str = "SSO_ADMIN_USERNAME";
    const PASSWORD: &str = "SSO_ADMIN_PASSWORD";
    let is_password_set = settings.has(PASSWORD) || settings.has("SSO_ADMIN_PASSWORD_FILE");
    let given = settings.text(NAME);
    let typed = settings.get_or_file(PASSWORD, |text| {
        Ok::<_, std::convert::Infallible>(Zeroizing::new(text.to_owned()))
    });
    let (name, typed) = match (given, typed) {
        (Some(name), Some(typed)) => (name, typed),
        (None, None) => return None,
        // It is at fault itself, which was told.
        (Some(_), None) if is_password_set => return None,
        (Some(_), None) => {
            settings.fault(PASSWORD, "is not set, but SSO_ADMIN_USERNAME is");
            return None;
        }
        (None, Some(_)) => {
            settings.fault(NAME, "is not set, but SSO_ADMIN_PASSWORD is");
            return None;
        }
    };
    let username = Username::from_str(&name).map_err(|fault| settings.fault(NAME, fault)).ok()?;
    let password = Password::normalise(&typed)
        .and_then(|password| rules.check(&password, &username).map(|()| password))
        .map_err(|fault| settings.fault(PASSWORD, fault))
        .ok()?;
    Some(FirstAdmin { username, password })
}

/// What it would be dangerous to pass over in silence.
fn refuse_unsupported(settings: &mut Settings) {
    for name in ["SSO_SMTP_URL", "SSO_SMTP_URL_FILE", "SSO_SMTP_FROM"] {
        if settings.is_set(name) {
            settings.fault(name, UNSUPPORTED);
        }
    }
    settings.get_or_file("SSO_SESSION_STORE", |store| match store {
        "memory" => Ok(()),
        _ => Err("only memory is supported by this version"),
    });
}

/// What changes nothing yet, and can be in the environment of a later version without harm.
fn check_without_effect(settings: &mut Settings) -> Vec<&'static str> {
    let prefix = settings.get("SSO_K8S_PREFIX", kubernetes_prefix);
    prefix.map(|()| "SSO_K8S_PREFIX").into_iter().collect()
}

fn registration(text: &str) -> Result<Registration, &'static str> {
    match text {
        "closed" => Ok(Registration::Closed),
        "open" => Ok(Registration::Open),
        _ => Err("is neither closed nor open"),
    }
}

/// 0 is no limit.
fn limit(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "must be an integer from 0 to 4294967295")
}

fn path(text: &str) -> Result<PathBuf, &'static str> {
    if text.is_empty() { Err("is empty") } else { Ok(text.into()) }
}

fn kubernetes_prefix(text: &str) -> Result<(), String> {
    if text.starts_with("system:") {
        return Err("may not begin with system:, which Kubernetes keeps for itself".to_owned());
    }
    Ok(())
}

fn password_length(text: &str) -> Result<usize, &'static str> {
    let length = positive(text)?;
    if length > MAX_PASSWORD_BYTES {
        return Err("is more than a password may have, which is 1024 bytes");
    }
    Ok(length)
}

/// `sqlite://relative/path`, `sqlite:///absolute/path` or `sqlite::memory:`.
fn database(url: &str) -> Result<Location, &'static str> {
    if url == "sqlite::memory:" {
        return Ok(Location::Memory);
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Err(UNSUPPORTED);
    }
    match url.strip_prefix("sqlite://") {
        Some(path) if path.contains('?') => Err("may hold no options after a question mark"),
        Some("" | ":memory:") | None => Err("is no sqlite://path/to/file and not sqlite::memory:"),
        Some(path) => Ok(Location::File(PathBuf::from(path))),
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read(owned.collect::<Vec<_>>()).map_err(|faults| faults.to_string())
    }

    /// One variable is at fault, and named.
    #[track_caller]
    fn check_fault(variables: &[(&str, &str)], name: &str, fault: &str) {
        let faults = read(variables).unwrap_err();
        assert_eq!(faults.lines().count(), 1, "{faults}");
        assert!(faults.starts_with(&format!("{name}: ")) && faults.contains(fault), "{faults}");
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8001");
        assert_eq!(config.ops_listen.to_string(), "127.0.0.1:9001");
        assert_eq!(config.database, Location::File("sso.db".into()));
        assert_eq!(config.lifetimes.token, Duration::from_secs(30 * 60));
        assert_eq!(config.lifetimes.refresh, Duration::from_secs(8 * 60 * 60));
        assert_eq!(config.lifetimes.session, Duration::from_secs(24 * 60 * 60));
        assert_eq!((config.limits.per_user, config.limits.total), (20, 10_000_000));
        assert_eq!((config.login_limits.per_network, config.login_limits.per_account), (30, 10));
        assert_eq!(config.audit_file, None);
        assert_eq!(config.password_rules.min_length, 15);
        assert!(config.first_admin.is_none() && config.site.public_url.is_none());
        assert!(config.workers > 0 && config.without_effect.is_empty());
    }

    #[test]
    fn databases() {
        let database = |url| read(&[("SSO_DATABASE_URL", url)]).map(|config| config.database);
        let file = |path: &str| Ok(Location::File(path.into()));
        assert_eq!(database("sqlite://data/sso.db"), file("data/sso.db"));
        assert_eq!(database("sqlite:///data/sso.db"), file("/data/sso.db"));
        assert_eq!(database("sqlite::memory:"), Ok(Location::Memory));
        for url in ["postgres://x/y", "postgresql://x/y"] {
            check_fault(&[("SSO_DATABASE_URL", url)], "SSO_DATABASE_URL", UNSUPPORTED);
        }
        for url in ["sqlite://", "sqlite://:memory:", "sqlite://a?mode=ro", "mysql://x", "x"] {
            check_fault(&[("SSO_DATABASE_URL", url)], "SSO_DATABASE_URL", "");
        }
    }

    #[test]
    fn what_would_be_dangerous_to_ignore_is_a_fault() {
        for (name, value) in [
            ("SSO_SMTP_URL", "smtp://x"),
            ("SSO_SMTP_FROM", "x@y"),
            ("SSO_SESSION_STORE", "redis://x"),
        ] {
            check_fault(&[(name, value)], name, "supported by this version");
        }
        read(&[("SSO_SESSION_STORE", "memory")]).unwrap();
    }

    #[test]
    fn what_is_harmless_to_ignore_is_named() {
        let harmless = [("SSO_K8S_PREFIX", "sso:")];
        let config = read(&harmless).unwrap();
        assert_eq!(config.without_effect, harmless.map(|(name, _)| name));
        check_fault(&[("SSO_K8S_PREFIX", "system:x")], "SSO_K8S_PREFIX", "system:");
    }

    #[test]
    fn the_first_administrator_has_a_name_and_a_good_password() {
        const NAME: &str = "SSO_ADMIN_USERNAME";
        const PASSWORD: &str = "SSO_ADMIN_PASSWORD";
        let good = "correct horse battery";
        let config = read(&[(NAME, "Root"), (PASSWORD, good)]).unwrap();
        assert_eq!(config.first_admin.unwrap().username.as_str(), "root");
        check_fault(&[(NAME, "root")], PASSWORD, "is not set");
        check_fault(&[(PASSWORD, good)], NAME, "is not set");
        check_fault(&[(NAME, "root"), (PASSWORD, "two\nlines")], PASSWORD, "more than one line");
        check_fault(&[(NAME, "Ünk"), (PASSWORD, good)], NAME, "no user name");
        check_fault(&[(NAME, "root"), (PASSWORD, "short")], PASSWORD, "shorter than 15");
        check_fault(&[(NAME, "root"), (PASSWORD, "passwordpassword")], PASSWORD, "the commonest");
        let name = "administrator-1";
        check_fault(&[(NAME, name), (PASSWORD, name)], PASSWORD, "is the user name");
        let shorter = ("SSO_PASSWORD_MIN_LENGTH", "5");
        read(&[(NAME, "root"), (PASSWORD, "trohs"), shorter]).unwrap();
    }

    #[test]
    fn strangers_register_only_where_they_may() {
        let registration = |text| read(&[("SSO_REGISTRATION", text)]).unwrap().registration;
        assert_eq!(read(&[]).unwrap().registration, Registration::Closed);
        assert_eq!(registration("closed"), Registration::Closed);
        assert_eq!(registration("open"), Registration::Open);
        check_fault(&[("SSO_REGISTRATION", "ajar")], "SSO_REGISTRATION", "neither");
    }

    #[test]
    fn what_is_seldom_meant_is_a_warning() {
        let open = ("SSO_LISTEN", "0.0.0.0:0");
        let public = ("SSO_PUBLIC_URL", "https://x.example");
        let proxies = |networks| ("SSO_TRUSTED_PROXIES", networks);
        for (variables, warning) in [
            (&[open][..], "warning: SSO_PUBLIC_URL: is not set"),
            (&[open, public], ""),
            (&[("SSO_LISTEN", "[::1]:0")], ""),
            (&[proxies("0.0.0.0/0")], "warning: SSO_TRUSTED_PROXIES: trusts everybody"),
            (&[proxies("10.0.0.0/8,::/0")], "warning: SSO_TRUSTED_PROXIES: trusts everybody"),
            (&[proxies("10.0.0.0/8")], ""),
        ] {
            let warnings = read(variables).unwrap().warnings.to_string();
            assert_eq!(warnings.lines().count(), usize::from(!warning.is_empty()), "{warnings}");
            assert!(warnings.starts_with(warning), "{warnings}");
        }
    }

    #[test]
    fn failures_are_limited_as_told() {
        let [network, account] = ["SSO_LOGIN_FAILURES_PER_IP", "SSO_LOGIN_FAILURES_PER_USER"];
        let limits = read(&[(network, "0"), (account, "7")]).unwrap().login_limits;
        assert_eq!(limits, LoginLimits { per_network: 0, per_account: 7 });
        for name in [network, account] {
            check_fault(&[(name, "few")], name, "must be an integer");
            check_fault(&[(name, "-1")], name, "must be an integer");
        }
    }

    #[test]
    fn lifetimes_and_lengths_have_bounds() {
        for name in ["SSO_TOKEN_TTL", "SSO_REFRESH_TTL", "SSO_SESSION_MAX_AGE"] {
            check_fault(&[(name, "0s")], name, "");
            check_fault(&[(name, "300years")], name, "366 days");
        }
        check_fault(&[("SSO_PASSWORD_MIN_LENGTH", "1025")], "SSO_PASSWORD_MIN_LENGTH", "1024");
        check_fault(&[("SSO_MAX_SESSIONS", "0")], "SSO_MAX_SESSIONS", "must be an integer");
        check_fault(&[("SSO_WORKERS", "1000000")], "SSO_WORKERS", "from 1 to 1024");
    }
}
