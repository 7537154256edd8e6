//! Counters of how log-ins, refreshes and validations end.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use service_runtime::metrics::Metrics;

/// How an attempt to log in ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum LoginOutcome {
    LoggedIn,
    InvalidCredentials,
    EmailUnverified,
    /// Too many failed before.
    Throttled,
    /// The hashing queue was full.
    Busy,
    TooManySessions,
    /// An error of the service.
    Failed,
}

/// How an attempt to renew a session ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum RefreshOutcome {
    Renewed,
    Invalid,
    /// The session was ended: two clients had its token.
    Reused,
    TooSoon,
    /// An error of the service.
    Failed,
}

/// How a validation ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum ValidationOutcome {
    Valid,
    Invalid,
    /// The permission asked for was missing.
    Denied,
    /// The token could not be checked.
    Unknown,
}

/// A counter for every outcome, looked up once: validation is too frequent for a look-up by label.
#[derive(Debug)]
pub(super) struct OutcomeCounters {
    logged_in: Counter,
    invalid_credentials: Counter,
    email_unverified: Counter,
    throttled: Counter,
    busy: Counter,
    too_many_sessions: Counter,
    failed: Counter,
    renewed: Counter,
    refresh_invalid: Counter,
    refresh_reused: Counter,
    refresh_too_soon: Counter,
    refresh_failed: Counter,
    valid: Counter,
    invalid: Counter,
    denied: Counter,
    unknown: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl OutcomeCounters {
    /// Registers the counters.
    pub(super) fn new(metrics: &Metrics) -> Self {
        let family = |name, help| {
            let family = Family::<OutcomeLabel, Counter>::default();
            let family = metrics.register(name, help, family);
            move |outcome| family.get_or_create_owned(&OutcomeLabel { outcome })
        };
        let login = family("logins", "Attempts to log in, by outcome");
        let refresh = family("refreshes", "Attempts to renew a session, by outcome");
        let validation = family("validations", "Token validations, by outcome");
        Self {
            logged_in: login("logged_in"),
            invalid_credentials: login("invalid_credentials"),
            email_unverified: login("email_unverified"),
            throttled: login("throttled"),
            busy: login("busy"),
            too_many_sessions: login("too_many_sessions"),
            failed: login("failed"),
            renewed: refresh("renewed"),
            refresh_invalid: refresh("invalid"),
            refresh_reused: refresh("reused"),
            refresh_too_soon: refresh("too_soon"),
            refresh_failed: refresh("failed"),
            valid: validation("valid"),
            invalid: validation("invalid"),
            denied: validation("denied"),
            unknown: validation("unknown"),
        }
    }

    /// Counts an attempt to log in.
    pub(super) fn count_login(&self, outcome: LoginOutcome) {
        let counter = match outcome {
            LoginOutcome::LoggedIn => &self.logged_in,
            LoginOutcome::InvalidCredentials => &self.invalid_credentials,
            LoginOutcome::EmailUnverified => &self.email_unverified,
            LoginOutcome::Throttled => &self.throttled,
            LoginOutcome::Busy => &self.busy,
            LoginOutcome::TooManySessions => &self.too_many_sessions,
            LoginOutcome::Failed => &self.failed,
        };
        counter.inc();
    }

    /// Counts an attempt to renew a session.
    pub(super) fn count_refresh(&self, outcome: RefreshOutcome) {
        let counter = match outcome {
            RefreshOutcome::Renewed => &self.renewed,
            RefreshOutcome::Invalid => &self.refresh_invalid,
            RefreshOutcome::Reused => &self.refresh_reused,
            RefreshOutcome::TooSoon => &self.refresh_too_soon,
            RefreshOutcome::Failed => &self.refresh_failed,
        };
        counter.inc();
    }

    /// Counts a validation.
    pub(super) fn count_validation(&self, outcome: ValidationOutcome) {
        let counter = match outcome {
            ValidationOutcome::Valid => &self.valid,
            ValidationOutcome::Invalid => &self.invalid,
            ValidationOutcome::Denied => &self.denied,
            ValidationOutcome::Unknown => &self.unknown,
        };
        counter.inc();
    }
}
