//! Calls to a service that may end meanwhile.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Answer, Ask, patience, plain_client, until};

/// How many tokens one call validates.
const BATCH: usize = 64;

/// sso-service over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    http: Client,
    url: String,
}

impl Api {
    /// A service at this URL.
    pub(crate) fn at(url: &str) -> Self {
        Self { http: plain_client(), url: url.to_owned() }
    }

    /// Sends a request, with JSON unless `body` is null. `None`: no answer, or that the change may
    /// have been made or not.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Option<Answer> {
        // On a loaded machine, passwords may wait too long: then nothing was done.
        let answer = until("time for a password", 2 * patience(), async || {
            let answer = self.request(&method, path, token, body).try_to_ask().await;
            let is_busy = |answer: &Answer| answer.status == 503 && answer.json()["code"] == "busy";
            Some(answer).filter(|answer| !answer.as_ref().is_some_and(is_busy))
        });
        let answer = answer.await?;
        if answer.status == 503 {
            answer.check_problem_is(503, "store_unavailable");
            return None;
        }
        Some(answer)
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> RequestBuilder {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        request = request.timeout(Duration::from_secs(20));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        request
    }

    /// Whether each of these tokens is valid.
    pub(crate) async fn validate(&self, tokens: &[&str]) -> Option<Vec<bool>> {
        let mut valid = Vec::new();
        for tokens in tokens.chunks(BATCH) {
            let body = json!({ "tokens": tokens });
            let answer = self.send(Method::POST, "/auth/validate/batch", None, &body).await?;
            let statuses = answer.json()["answers"].as_array().unwrap().clone();
            valid.extend(statuses.iter().map(|entry| match entry["status"].as_u64() {
                Some(200) => true,
                Some(401) => false,
                _ => panic!("{entry}"),
            }));
        }
        Some(valid)
    }

    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Option<Answer> {
        let body = json!({ "username": username, "password": password });
        self.send(Method::POST, "/auth/login", None, &body).await
    }
}
