//! Asking the authority's instances over HTTP.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
    redirect,
};
use service_runtime::{clock::Clock, http::RequestContext};
use shared_types::{BearerToken, MAX_BATCH, TokenBatch, paths};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    answer::{MAX_ANSWER_BYTES, MAX_BATCH_ANSWER_BYTES, Times, verdict, verdicts},
    batching::Ask,
    refusal::{Refusal, Unknown, Verdict},
};

/// Idle connections are closed before the authority closes them (it waits 75 s).
const POOL_IDLE: Duration = Duration::from_secs(30);
const MAX_IDLE_CONNECTIONS: usize = 128;
/// For so long an instance that knows no batches is not asked for one again. It may have been
/// replaced by a newer one then.
const NO_BATCHES_FOR: Duration = Duration::from_secs(300);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The connections of a worker.
///
/// # Errors
/// When they cannot be set up.
pub(crate) fn connections(timeout: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .tcp_nodelay(true)
        // Who cannot be reached leaves time to ask another.
        .connect_timeout(timeout / 2)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
        .build()
}

/// The authority's instances, which know the same.
#[derive(Debug)]
pub(super) struct Instances {
    http: reqwest::Client,
    /// One at least.
    all: Vec<Instance>,
    /// The instance that is asked first: the one that answered last.
    preferred: Cell<usize>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Instance {
    validate: Url,
    validate_batch: Url,
    no_batches_until: Cell<Option<Instant>>,
}

impl Instances {
    pub(super) fn new(http: reqwest::Client, bases: &[Url], clock: Arc<dyn Clock>) -> Self {
        let all = bases.iter().map(Instance::below).collect();
        Self { http, all, preferred: Cell::new(0), clock }
    }

    /// Asks an instance and, if the connection failed, once more: the next one, or the same over a
    /// new connection. Asking changes nothing, so it may be done twice.
    async fn ask_twice(
        &self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
    ) -> Result<Vec<Verdict>, Unknown> {
        let first = self.preferred.get();
        match self.ask_instance(first, tokens, context).await {
            Err(Unknown::Transport(error)) => {
                tracing::debug!(%error, "asking the authority again");
                self.turn_away_from(first);
                self.ask_instance(self.after(first), tokens, context).await
            }
            answers => answers,
        }
    }

    async fn ask_instance(
        &self,
        instance: usize,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
    ) -> Result<Vec<Verdict>, Unknown> {
        let instance = &self.all[instance];
        if let [token] = tokens {
            return Ok(vec![self.validate(instance, token, context).await?]);
        }
        if instance.takes_batches() {
            match self.validate_batch(instance, tokens, context).await {
                Err(Unknown::Status(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)) => {
                    tracing::info!(instance = %instance.validate, "the authority takes no batches");
                    instance.refuse_batches();
                }
                // Whoever it was that made it too large, the others are not to suffer.
                Err(Unknown::TooLarge) => {}
                answers => return answers,
            }
        }
        let each = tokens.iter().map(|token| self.validate(instance, token, context));
        let verdicts = join_all(each).await.into_iter();
        Ok(verdicts.map(|verdict| verdict.unwrap_or_else(|unknown| Err(unknown.into()))).collect())
    }

    async fn validate(
        &self,
        instance: &Instance,
        token: &BearerToken,
        context: &RequestContext,
    ) -> Result<Verdict, Unknown> {
        let asked = self.clock.now();
        let request = self.http.post(instance.validate.clone()).bearer_auth(token.expose());
        let answer = send(request, context).await?;
        let status = answer.status();
        match bounded_body(answer, MAX_ANSWER_BYTES).await {
            Ok(body) => Ok(verdict(status, &body, self.times(asked))),
            Err(Unknown::TooLarge) => Ok(Err(Unknown::TooLarge.into())),
            Err(unknown) => Err(unknown),
        }
    }

    async fn validate_batch(
        &self,
        instance: &Instance,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
    ) -> Result<Vec<Verdict>, Unknown> {
        let asked = self.clock.now();
        let batch = TokenBatch { tokens: tokens.iter().map(|token| token.expose()).collect() };
        let body = serde_json::to_vec(&batch).map_err(|_| Unknown::Nonsense)?;
        let request = self.http.post(instance.validate_batch.clone());
        let answer = send(request.header(CONTENT_TYPE, JSON).body(body), context).await?;
        if answer.status() != StatusCode::OK {
            return Err(Unknown::Status(answer.status()));
        }
        let body = bounded_body(answer, MAX_BATCH_ANSWER_BYTES).await?;
        verdicts(&body, tokens.len(), self.times(asked))
    }

    fn times(&self, asked: DateTime<Utc>) -> Times {
        Times { asked, now: self.clock.now() }
    }

    fn after(&self, instance: usize) -> usize {
        (instance + 1) % self.all.len()
    }

    /// From now on the next one is asked first, unless another was turned to meanwhile.
    fn turn_away_from(&self, instance: usize) {
        if self.preferred.get() == instance {
            self.preferred.set(self.after(instance));
        }
    }
}

impl Ask for Instances {
    fn max_lot(&self) -> usize {
        if self.all[self.preferred.get()].takes_batches() { MAX_BATCH } else { 1 }
    }

    async fn ask(
        &self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
        deadline: Instant,
    ) -> Vec<Verdict> {
        let first = self.preferred.get();
        let answers = timeout_at(deadline, self.ask_twice(tokens, context)).await;
        let answers = answers.unwrap_or_else(|_| {
            self.turn_away_from(first);
            Err(Unknown::Timeout)
        });
        answers.unwrap_or_else(|unknown| vec![Err(Refusal::from(unknown)); tokens.len()])
    }
}

impl Instance {
    fn below(base: &Url) -> Self {
        Self {
            validate: below(base, paths::VALIDATE),
            validate_batch: below(base, paths::VALIDATE_BATCH),
            no_batches_until: Cell::new(None),
        }
    }

    fn takes_batches(&self) -> bool {
        self.no_batches_until.get().is_none_or(|until| until <= Instant::now())
    }

    fn refuse_batches(&self) {
        self.no_batches_until.set(Some(Instant::now() + NO_BATCHES_FOR));
    }
}

async fn send(request: RequestBuilder, context: &RequestContext) -> reqwest::Result<Response> {
    request
        .header(REQUEST_ID, &*context.request_id)
        .header(TRACE_PARENT, context.trace_parent.to_string())
        .send()
        .await
}

async fn bounded_body(mut answer: Response, max_bytes: usize) -> Result<Vec<u8>, Unknown> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > max_bytes {
            return Err(Unknown::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The base's own path is kept: an authority may live below one.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
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
            let instance = Instance::below(&base.parse().unwrap());
            assert_eq!(instance.validate.as_str(), expected);
            assert_eq!(instance.validate_batch.as_str(), format!("{expected}/batch"));
        }
    }
}
