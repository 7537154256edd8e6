//! The authority, as a worker of the gateway sees it.
//!
//! Every token is validated after its request arrived: there is no cache, so a revoked token is
//! refused at once.

use std::{rc::Rc, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};
use service_runtime::{clock::Clock, http::RequestContext, metrics::Metrics};
use shared_types::{BearerToken, TokenKind};
use url::Url;

use super::{
    Caller, IdentifyError, batching::Batching, identify_error::Identification,
    instances::Instances, resting::RestingInstances,
};

/// The authority, with connections and a queue for this worker only.
#[derive(Debug)]
pub(crate) struct Authority {
    batching: Rc<Batching<Instances>>,
    metrics: AuthorityMetrics,
}

impl Authority {
    /// An authority of these instances, which must be one at least; `resting` is shared by all
    /// workers. `timeout` is for everything, from a request's arrival on.
    pub(crate) fn new(
        http: &reqwest::Client,
        bases: &[Url],
        resting: Arc<RestingInstances>,
        timeout: Duration,
        clock: &Arc<dyn Clock>,
        metrics: AuthorityMetrics,
    ) -> Self {
        let instances = Instances::new(http, bases, resting, clock, metrics.call_tokens.clone());
        Self { batching: Batching::new(instances, timeout), metrics }
    }

    /// Identifies the caller with this token.
    ///
    /// # Errors
    /// When the token is not live, not permitted here, or cannot be checked right now.
    pub(crate) async fn identify(
        &self,
        token: &Rc<BearerToken>,
        context: &RequestContext,
    ) -> Result<Caller, IdentifyError> {
        // A refresh token is never a bearer; anything without our prefix and checksum is not ours.
        if !matches!(token.kind(), Some(TokenKind::Session | TokenKind::ApiKey)) {
            return Err(IdentifyError::Invalid);
        }
        let identification = self.batching.ask(token, context).await;
        self.metrics.count(&identification);
        identification
    }
}

/// The number of tokens in a call, up to a full batch.
const CALL_TOKENS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// Counts validations by their outcome, and calls.
#[derive(Debug, Clone)]
pub(crate) struct AuthorityMetrics {
    valid: Counter,
    invalid: Counter,
    forbidden: Counter,
    unknown: Counter,
    call_tokens: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl AuthorityMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let validations: Family<Outcome, Counter> = metrics.register(
            "sso_validations",
            "Tokens sent to the authority for validation",
            Family::default(),
        );
        let of = |outcome| validations.get_or_create_owned(&Outcome { outcome });
        Self {
            valid: of("valid"),
            invalid: of("invalid"),
            forbidden: of("forbidden"),
            unknown: of("unknown"),
            call_tokens: metrics.register(
                "sso_validation_call_tokens",
                "Tokens in a call to the authority",
                Histogram::new(CALL_TOKENS),
            ),
        }
    }

    fn count(&self, identification: &Identification) {
        let counter = match identification {
            Ok(_) => &self.valid,
            Err(IdentifyError::Invalid) => &self.invalid,
            Err(IdentifyError::Forbidden) => &self.forbidden,
            Err(IdentifyError::Unknown(_)) => &self.unknown,
        };
        counter.inc();
    }
}
