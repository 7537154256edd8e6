//! Requests whose answers may be missing.

use std::time::Duration;

use reqwest::{Client as HttpClient, Method, RequestBuilder};
use serde_json::Value;

use crate::harness::{Answer, Ask, plain_client};

/// Longer than any write may take.
const LONGEST: Duration = Duration::from_secs(20);

/// Instances over HTTP.
#[derive(Debug, Clone)]
pub(super) struct Http {
    http: HttpClient,
    urls: Vec<String>,
}

impl Http {
    pub(super) fn new(urls: Vec<String>) -> Self {
        Self { http: plain_client(), urls }
    }

    pub(super) fn count(&self) -> usize {
        self.urls.len()
    }

    /// Sends a request to an instance, with JSON unless the body is null. `None`: there was no
    /// answer, or 503.
    ///
    /// # Panics
    /// When the answer has another status than those expected.
    pub(super) async fn send(
        &self,
        instance: usize,
        (method, path): (Method, &str),
        token: Option<&str>,
        body: &Value,
        expected: &[u16],
    ) -> Option<Answer> {
        let answer = self.request(instance, method, path, token, body).try_to_ask().await?;
        // 408: it stood still before it had read the request.
        if matches!(answer.status, 408 | 503) {
            return None;
        }
        let status = answer.status;
        assert!(expected.contains(&status), "{path} at instance {instance}: {answer:?}");
        Some(answer)
    }

    /// A request with a generous time limit.
    pub(super) fn request(
        &self,
        instance: usize,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> RequestBuilder {
        let url = format!("{}{path}", self.urls[instance]);
        let request = self.http.request(method, url).timeout(LONGEST);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        if body.is_null() { request } else { request.json(body) }
    }
}
