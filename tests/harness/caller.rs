//! A caller of the services, with a token or without one.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Ask},
    secrets::Secrets,
};

/// A caller of both services.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    http: Client,
    /// `http://` or `https://`, and the address.
    sso: String,
    gateway: String,
    secrets: Secrets,
    token: Option<String>,
}

impl Caller {
    /// A caller without a token.
    pub(super) fn anonymous(http: Client, sso: String, gateway: String, secrets: &Secrets) -> Self {
        Self { http, sso, gateway, secrets: secrets.clone(), token: None }
    }

    /// The same caller with another HTTP client.
    pub(crate) fn by(&self, http: Client) -> Self {
        Self { http, ..self.clone() }
    }

    /// The same caller with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        self.secrets.learn(token);
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// The same caller without a token.
    pub(crate) fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The token as a browser passes it to the Kubernetes API: as a protocol of a WebSocket.
    pub(crate) fn token_as_protocol(&self) -> String {
        let token = BASE64_URL_SAFE_NO_PAD.encode(self.token());
        self.secrets.learn(&token);
        format!("base64url.bearer.authorization.k8s.io.{token}")
    }

    /// A request to the gateway, with the token if there is one.
    pub(crate) fn gateway(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &self.gateway, path)
    }

    /// A request to the authority, with the token if there is one.
    pub(crate) fn sso(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &self.sso, path)
    }

    fn request(&self, method: Method, base: &str, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{base}{path}"));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Posts a form to the authority, of values that need no escapes.
    pub(crate) async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let pairs: Vec<_> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.sso(Method::POST, path).body(pairs.join("&"));
        request.header("content-type", "application/x-www-form-urlencoded").ask().await
    }

    /// `GET /logs/…` as JSON.
    pub(crate) async fn logs(&self, pod_and_query: &str) -> Answer {
        self.gateway(Method::GET, &format!("/logs/{pod_and_query}")).ask().await
    }

    /// `GET /logs/…` as text.
    pub(crate) async fn text(&self, pod_and_query: &str) -> Answer {
        self.text_request(pod_and_query).ask().await
    }

    pub(crate) fn text_request(&self, pod_and_query: &str) -> RequestBuilder {
        self.gateway(Method::GET, &format!("/logs/{pod_and_query}")).header("accept", "text/plain")
    }

    /// `GET /pods`.
    pub(crate) async fn pods(&self) -> Answer {
        self.gateway(Method::GET, "/pods").ask().await
    }

    /// The pods of `GET /pods`, as `namespace/pod`.
    pub(crate) async fn pod_names(&self) -> Vec<String> {
        let answer = self.pods().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let name = |pod: &Value| {
            format!("{}/{}", pod["namespace"].as_str().unwrap(), pod["pod"].as_str().unwrap())
        };
        answer.json()["pods"].as_array().unwrap().iter().map(name).collect()
    }

    /// `POST /auth/login` by JSON.
    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        self.log_in_by(self.sso(Method::POST, "/auth/login").json(&body), password).await
    }

    /// `POST /auth/login` by form, as `curl -d` sends it.
    pub(crate) async fn log_in_by_form(&self, username: &str, password: &str) -> Answer {
        let body = format!("username={username}&password={}", password.replace(' ', "+"));
        let request = self
            .sso(Method::POST, "/auth/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        self.log_in_by(request, password).await
    }

    /// `POST /auth/login`, as a trusted proxy passes it on for a client at this address.
    pub(crate) async fn log_in_from(&self, ip: &str, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        let request = self.sso(Method::POST, "/auth/login").header("x-forwarded-for", ip);
        self.log_in_by(request.json(&body), password).await
    }

    /// `POST /auth/refresh`.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.try_to_refresh(refresh_token).await.unwrap()
    }

    /// `POST /auth/refresh` at a service that may die meanwhile.
    pub(crate) async fn try_to_refresh(&self, refresh_token: &str) -> Option<Answer> {
        let body = json!({ "refresh_token": refresh_token });
        let answer = self.sso(Method::POST, "/auth/refresh").json(&body).try_to_ask().await?;
        self.learn_tokens(&answer);
        Some(answer)
    }

    /// `POST /auth/login` at a service that may die meanwhile.
    pub(crate) async fn try_to_log_in(&self, username: &str, password: &str) -> Option<Answer> {
        let body = json!({ "username": username, "password": password });
        let answer = self.sso(Method::POST, "/auth/login").json(&body).try_to_ask().await?;
        self.learn_tokens(&answer);
        Some(answer)
    }

    async fn log_in_by(&self, request: RequestBuilder, password: &str) -> Answer {
        self.secrets.learn(password);
        let answer = request.ask().await;
        self.learn_tokens(&answer);
        answer
    }

    fn learn_tokens(&self, answer: &Answer) {
        for field in ["token", "refresh_token"] {
            if let Some(secret) = answer.json()[field].as_str() {
                self.secrets.learn(secret);
            }
        }
    }

    /// `POST /auth/validate`.
    pub(crate) async fn validate(&self) -> Answer {
        self.sso(Method::POST, "/auth/validate").ask().await
    }

    /// `POST /auth/logout`.
    pub(crate) async fn log_out(&self) -> Answer {
        self.sso(Method::POST, "/auth/logout").ask().await
    }
}
