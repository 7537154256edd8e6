//! One instance of the authority, asked over HTTP.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use service_runtime::{clock::Clock, http::RequestContext};
use shared_types::{BearerToken, MAX_BATCH, TokenBatch, paths};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    answer::{MAX_ANSWER_BYTES, MAX_BATCH_ANSWER_BYTES, Times, identification, identifications},
    identify_error::{Identification, IdentifyError, UnknownCause},
};

/// How long an instance that knows no batches gets single requests. It may be replaced by a newer
/// version later.
const NO_BATCHES_FOR: Duration = Duration::from_secs(300);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An instance of the authority.
#[derive(Debug)]
pub(super) struct Instance {
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    validate: Url,
    validate_batch: Url,
    no_batches_until: Cell<Option<Instant>>,
}

impl Instance {
    /// The instance below this URL. The URL's own path is kept: an authority may live below one.
    pub(super) fn below(base: &Url, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self {
            http,
            clock,
            validate: below(base, paths::VALIDATE),
            validate_batch: below(base, paths::VALIDATE_BATCH),
            no_batches_until: Cell::new(None),
        }
    }

    /// Its URL, for the log.
    pub(super) fn url(&self) -> &Url {
        &self.validate
    }

    /// How many tokens a call may be about right now.
    pub(super) fn max_batch(&self) -> usize {
        let takes_batches = self.no_batches_until.get().is_none_or(|until| until <= Instant::now());
        if takes_batches { MAX_BATCH } else { 1 }
    }

    /// Asks about the tokens, and returns an answer for each, in their order, by the deadline.
    pub(super) async fn ask(
        &self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
        deadline: Instant,
    ) -> Vec<Identification> {
        let answers = timeout_at(deadline, self.try_ask(tokens, context)).await;
        let answers = answers.unwrap_or(Err(UnknownCause::Timeout));
        answers.unwrap_or_else(|unknown| vec![Err(IdentifyError::from(unknown)); tokens.len()])
    }

    async fn try_ask(
        &self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
    ) -> Result<Vec<Identification>, UnknownCause> {
        if let [token] = tokens {
            return Ok(vec![self.validate(token, context).await?]);
        }
        if self.max_batch() > 1 {
            match self.validate_batch(tokens, context).await {
                Err(UnknownCause::Status(
                    StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED,
                )) => {
                    tracing::info!(instance = %self.validate, "the authority does not support batches");
                    self.no_batches_until.set(Some(Instant::now() + NO_BATCHES_FOR));
                }
                // One token with a large answer must not fail the others of the batch.
                Err(UnknownCause::TooLarge) => {}
                answers => return answers,
            }
        }
        let each = tokens.iter().map(|token| self.validate(token, context));
        let identifications = join_all(each).await.into_iter();
        Ok(identifications
            .map(|identification| identification.unwrap_or_else(|unknown| Err(unknown.into())))
            .collect())
    }

    async fn validate(
        &self,
        token: &BearerToken,
        context: &RequestContext,
    ) -> Result<Identification, UnknownCause> {
        let asked = self.clock.now();
        let request = self.http.post(self.validate.clone()).bearer_auth(token.expose());
        let answer = send(request, context).await?;
        let status = answer.status();
        match bounded_body(answer, MAX_ANSWER_BYTES).await {
            Ok(body) => Ok(identification(status, &body, self.times(asked))),
            Err(UnknownCause::TooLarge) => Ok(Err(UnknownCause::TooLarge.into())),
            Err(unknown) => Err(unknown),
        }
    }

    async fn validate_batch(
        &self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
    ) -> Result<Vec<Identification>, UnknownCause> {
        let asked = self.clock.now();
        let batch = TokenBatch { tokens: tokens.iter().map(|token| token.expose()).collect() };
        let body = serde_json::to_vec(&batch).map_err(|_| UnknownCause::InvalidAnswer)?;
        let request = self.http.post(self.validate_batch.clone());
        let answer = send(request.header(CONTENT_TYPE, JSON).body(body), context).await?;
        if answer.status() != StatusCode::OK {
            return Err(UnknownCause::Status(answer.status()));
        }
        let body = bounded_body(answer, MAX_BATCH_ANSWER_BYTES).await?;
        identifications(&body, tokens.len(), self.times(asked))
    }

    fn times(&self, asked: DateTime<Utc>) -> Times {
        Times { asked, now: self.clock.now() }
    }
}

async fn send(request: RequestBuilder, context: &RequestContext) -> Result<Response, UnknownCause> {
    let request = request
        .header(REQUEST_ID, &*context.request_id)
        .header(TRACE_PARENT, context.trace_parent.to_string());
    #[cfg(feature = "simulation")]
    if let Some(world) = service_runtime::simulation::world() {
        let answer = (world.send)(request.build()?).await;
        return answer.map_err(|_| UnknownCause::BrokenOff);
    }
    Ok(request.send().await?)
}

async fn bounded_body(mut answer: Response, max_bytes: usize) -> Result<Vec<u8>, UnknownCause> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > max_bytes {
            return Err(UnknownCause::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

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
            assert_eq!(below(&base.parse().unwrap(), paths::VALIDATE).as_str(), expected);
        }
    }
}
