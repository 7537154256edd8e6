//! Asking the authority over HTTP.
//!
//! Every request's token is asked about, after the request arrived: there is no cache, so a revoked
//! token is refused at once. What the authority says plainly is passed on; anything else means that
//! it cannot be told, which is never a reason to send somebody to the log-in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use reqwest::{Response, StatusCode, header::HeaderName, redirect};
use rustls::ClientConfig;
use service_runtime::{clock::Clock, http::RequestContext, metrics::Metrics};
use shared_types::{BearerToken, TokenKind, paths};
use url::Url;

use super::caller::{Caller, Vouching};

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Idle connections are closed before the authority closes them (it waits 75 s).
const POOL_IDLE: Duration = Duration::from_secs(30);
const MAX_IDLE_CONNECTIONS: usize = 128;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// Why a token does not make a caller.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is no live token.
    Invalid,
    /// The authority knows it and will not have it.
    Forbidden,
    /// It cannot be told.
    Unknown(Unknown),
}

/// Why it cannot be told. For the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unknown {
    #[error("the authority did not answer in time")]
    Timeout,
    #[error("the authority cannot be asked: {0}")]
    Transport(#[from] reqwest::Error),
    #[error("the authority answered {0}")]
    Status(StatusCode),
    #[error("the authority's answer is too large")]
    TooLarge,
    #[error("the authority's answer makes no sense")]
    Nonsense,
}

/// How often the authority was asked, by what it said.
#[derive(Debug, Clone)]
pub(crate) struct AuthorityMetrics(Family<Outcome, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl AuthorityMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self(metrics.register(
            "sso_validations",
            "Tokens the authority was asked about",
            Family::default(),
        ))
    }

    fn count(&self, result: &Result<Caller, Refusal>) {
        let outcome = match result {
            Ok(_) => "valid",
            Err(Refusal::Invalid) => "invalid",
            Err(Refusal::Forbidden) => "forbidden",
            Err(Refusal::Unknown(_)) => "unknown",
        };
        self.0.get_or_create(&Outcome { outcome }).inc();
    }
}

/// The authority, as a worker of the gateway sees it: with connections of its own.
#[derive(Debug)]
pub(crate) struct Authority {
    client: reqwest::Client,
    /// `…/auth/validate` of each instance.
    instances: Vec<Url>,
    /// The instance that is asked first: the one that could be reached last.
    preferred: AtomicUsize,
    /// For all tries together.
    timeout: Duration,
    clock: Arc<dyn Clock>,
    metrics: AuthorityMetrics,
}

impl Authority {
    /// A client of the authority's instances, which must be one at least. `tls` is for those that
    /// are asked over https.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub(crate) fn new(
        bases: &[Url],
        tls: ClientConfig,
        timeout: Duration,
        clock: Arc<dyn Clock>,
        metrics: AuthorityMetrics,
    ) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .tls_backend_preconfigured(tls)
            .tcp_nodelay(true)
            .connect_timeout(timeout)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .build()?;
        let instances = bases.iter().map(validate_url).collect();
        Ok(Self { client, instances, preferred: AtomicUsize::new(0), timeout, clock, metrics })
    }

    /// Asks whose token this is.
    ///
    /// # Errors
    /// When it is nobody's, or when that cannot be told.
    pub(crate) async fn identify(
        &self,
        token: &BearerToken,
        context: &RequestContext,
    ) -> Result<Caller, Refusal> {
        // A refresh token is never a bearer; anything without our prefix and checksum is not ours.
        if !matches!(token.kind(), Some(TokenKind::Session | TokenKind::ApiKey)) {
            return Err(Refusal::Invalid);
        }
        let answer = tokio::time::timeout(self.timeout, self.ask(token, context)).await;
        let result = answer.unwrap_or(Err(Refusal::Unknown(Unknown::Timeout)));
        self.metrics.count(&result);
        result
    }

    /// Asks an instance and, if the connection failed, once more: the next one, or the same over a
    /// new connection. Asking changes nothing, so it may be done twice.
    async fn ask(&self, token: &BearerToken, context: &RequestContext) -> Result<Caller, Refusal> {
        let asked = self.clock.now();
        let first = self.preferred.load(Ordering::Relaxed);
        let answer = match self.ask_instance(first, token, context).await {
            Err(Unknown::Transport(error)) => {
                tracing::debug!(%error, "asking the authority again");
                let next = (first + 1) % self.instances.len();
                self.preferred.store(next, Ordering::Relaxed);
                self.ask_instance(next, token, context).await
            }
            answer => answer,
        };
        let (status, body) = answer.map_err(Refusal::Unknown)?;
        match status {
            StatusCode::OK => self.believe(&body, asked),
            StatusCode::UNAUTHORIZED => Err(Refusal::Invalid),
            StatusCode::FORBIDDEN => Err(Refusal::Forbidden),
            status => Err(Refusal::Unknown(Unknown::Status(status))),
        }
    }

    fn believe(&self, body: &[u8], asked: DateTime<Utc>) -> Result<Caller, Refusal> {
        const NONSENSE: Refusal = Refusal::Unknown(Unknown::Nonsense);
        let vouching: Vouching = serde_json::from_slice(body).map_err(|_| NONSENSE)?;
        let now = self.clock.now();
        if vouching.expired_since(asked, now) {
            return Err(Refusal::Invalid);
        }
        vouching.into_caller(now).ok_or(NONSENSE)
    }

    async fn ask_instance(
        &self,
        instance: usize,
        token: &BearerToken,
        context: &RequestContext,
    ) -> Result<(StatusCode, Vec<u8>), Unknown> {
        let answer = self
            .client
            .post(self.instances[instance].clone())
            .bearer_auth(token.expose())
            .header(REQUEST_ID, &*context.request_id)
            .header(TRACE_PARENT, context.trace_parent.to_string())
            .send()
            .await?;
        Ok((answer.status(), bounded_body(answer).await?))
    }
}

async fn bounded_body(mut answer: Response) -> Result<Vec<u8>, Unknown> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Unknown::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The base's own path is kept: an authority may live below one.
fn validate_url(base: &Url) -> Url {
    let mut url = base.clone();
    let path = format!("{}{}", base.path().trim_end_matches('/'), paths::VALIDATE);
    url.set_path(&path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_may_live_below_a_path() {
        for (base, expected) in [
            ("http://sso:8001", "http://sso:8001/auth/validate"),
            ("http://sso:8001/", "http://sso:8001/auth/validate"),
            ("https://example.org/id/", "https://example.org/id/auth/validate"),
        ] {
            assert_eq!(validate_url(&base.parse().unwrap()).as_str(), expected);
        }
    }
}
