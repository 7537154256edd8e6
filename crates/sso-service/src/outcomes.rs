//! How log-ins and validations end, counted.

use std::sync::Arc;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use service_runtime::metrics::Metrics;

use crate::{
    authority::{LoggedIn, LoginError, Refusal},
    sessions::Session,
    users::HashError,
};

/// A counter for every outcome, looked up once: validation is too frequent for a look-up by label.
#[derive(Debug)]
pub(crate) struct Outcomes {
    logged_in: Counter,
    invalid_credentials: Counter,
    busy: Counter,
    too_many_sessions: Counter,
    failed: Counter,
    valid: Counter,
    invalid: Counter,
    denied: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl Outcomes {
    /// Registers the counters.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let family = |name, help| {
            let family = Family::<Outcome, Counter>::default();
            let family = metrics.register(name, help, family);
            move |outcome| family.get_or_create_owned(&Outcome { outcome })
        };
        let login = family("logins", "Attempts to log in, by outcome");
        let validation = family("validations", "Tokens asked about, by outcome");
        Self {
            logged_in: login("logged_in"),
            invalid_credentials: login("invalid_credentials"),
            busy: login("busy"),
            too_many_sessions: login("too_many_sessions"),
            failed: login("failed"),
            valid: validation("valid"),
            invalid: validation("invalid"),
            denied: validation("denied"),
        }
    }

    /// Counts an attempt to log in.
    pub(crate) fn count_login(&self, result: &Result<LoggedIn, LoginError>) {
        let counter = match result {
            Ok(_) => &self.logged_in,
            Err(LoginError::InvalidCredentials) => &self.invalid_credentials,
            Err(LoginError::Hash(HashError::Busy)) => &self.busy,
            Err(LoginError::TooManySessions(_)) => &self.too_many_sessions,
            Err(LoginError::Hash(_) | LoginError::Store(_) | LoginError::Random(_)) => &self.failed,
        };
        counter.inc();
    }

    /// Counts a validation.
    pub(crate) fn count_validation(&self, result: &Result<Arc<Session>, Refusal>) {
        let counter = match result {
            Ok(_) => &self.valid,
            Err(Refusal::InvalidToken) => &self.invalid,
            Err(Refusal::Denied(_)) => &self.denied,
        };
        counter.inc();
    }
}
