//! A sso-service whose live tokens are in Redis.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    ADMIN, Answer, Ask, Service,
    binaries::binaries,
    command::{clean, run_sso},
    patience, plain_client, scratch,
    secrets::Secrets,
    until,
};

/// A process with the first administrator, and its database unless several share one.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) service: Service,
    variables: Vec<(String, String)>,
    database_url: String,
    http: Client,
    directory: TempDir,
}

impl Instance {
    /// On SQLite.
    pub(super) async fn start(session_store: &str) -> Self {
        Self::start_with(session_store, &[]).await
    }

    /// With further variables.
    pub(super) async fn start_with(session_store: &str, further: &[(&str, &str)]) -> Self {
        let directory = scratch();
        let sqlite = format!("sqlite://{}", directory.path().join("sso.db").display());
        let mut variables = vec![
            ("SSO_LISTEN", "127.0.0.1:0"),
            ("SSO_OPS_LISTEN", "127.0.0.1:0"),
            ("SSO_ADMIN_USERNAME", ADMIN.0),
            ("SSO_ADMIN_PASSWORD", ADMIN.1),
            ("SSO_DATABASE_URL", &sqlite),
            ("SSO_SESSION_STORE", session_store),
            ("SSO_MAX_SESSIONS_PER_USER", "100000"),
            // The most verbose level, so that every line is checked for secrets.
            ("SSO_LOG_LEVEL", "trace"),
        ];
        for (name, value) in further {
            variables.retain(|(other, _)| other != name);
            variables.push((name, value));
        }
        let database_url = variables.iter().find(|(name, _)| *name == "SSO_DATABASE_URL").unwrap();
        let database_url = database_url.1.to_owned();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables: Vec<_> = variables.into_iter().map(owned).collect();
        let service = serve(&directory, &variables).await;
        Self { service, variables, database_url, http: plain_client(), directory }
    }

    /// Stops it and starts it again, at another address.
    pub(super) async fn restart(&mut self) {
        self.service.terminate();
        self.service.ending().await;
        self.service = serve(&self.directory, &self.variables).await;
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.service.listening())
    }

    /// Begins sessions of the administrator from the shell, and waits until the service has heard
    /// of them.
    pub(super) async fn mint(&self, count: usize) -> Vec<String> {
        let count = count.to_string();
        let arguments =
            ["admin", "sessions", "mint", "--user", ADMIN.0, "--ttl", "1h", "--count", &count];
        let ended = run_sso(&arguments, &[("SSO_DATABASE_URL", &self.database_url)], "");
        assert_eq!(ended.code, 0, "{ended:?}");
        let tokens: Vec<_> = ended.stdout.lines().map(str::to_owned).collect();
        for token in &tokens {
            let known = async || (self.validate(token).await == 200).then_some(());
            until("the service knows the session", patience(), known).await;
        }
        tokens
    }

    /// Begins a session. Gives the token.
    pub(super) async fn log_in(&self) -> String {
        let answer = self.try_to_log_in().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn try_to_log_in(&self) -> Answer {
        let body = json!({ "username": ADMIN.0, "password": ADMIN.1 });
        self.http.post(self.url("/auth/login")).json(&body).ask().await
    }

    /// The status of the answer about a token.
    pub(super) async fn validate(&self, token: &str) -> u16 {
        self.post("/auth/validate", token).await
    }

    /// Ends a session.
    pub(super) async fn log_out(&self, token: &str) {
        assert_eq!(self.post("/auth/logout", token).await, 204);
    }

    /// Ends all sessions of the administrator.
    pub(super) async fn end_all_of_admin(&self, token: &str) {
        let path = self.url(&format!("/admin/users/{}/sessions", ADMIN.0));
        let answer = self.http.delete(path).bearer_auth(token).ask().await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    async fn post(&self, path: &str, token: &str) -> u16 {
        self.http.post(self.url(path)).bearer_auth(token).ask().await.status
    }

    /// The statuses of the answers about tokens that are asked about at once.
    pub(super) async fn validate_batch(&self, tokens: &[&str]) -> Vec<u64> {
        let request = self.http.post(self.url("/auth/validate/batch"));
        let answer = request.json(&json!({ "tokens": tokens })).ask().await.json();
        let status = |answer: &Value| answer["status"].as_u64().unwrap();
        answer["answers"].as_array().unwrap().iter().map(status).collect()
    }

    /// Why it is not ready, if it is not.
    pub(super) async fn unready(&self) -> Option<String> {
        let ready = format!("http://{}/readyz", self.service.ops());
        let answer = self.http.get(ready).send().await.unwrap();
        let ready = answer.status() == 200;
        let text = answer.text().await.unwrap();
        (!ready).then_some(text)
    }

    /// Waits until a token is valid, for no longer than this.
    pub(super) async fn until_valid(&self, token: &str, bound: Duration) {
        until("the token is valid", bound, async || {
            let status = self.validate(token).await;
            assert!([200, 503].contains(&status), "{status}");
            (status == 200).then_some(())
        })
        .await;
    }

    /// Waits until it is ready.
    pub(super) async fn until_ready(&self) {
        let ready = async || self.unready().await.is_none().then_some(());
        until("the instance is ready", patience(), ready).await;
    }
}

async fn serve(directory: &TempDir, variables: &[(String, String)]) -> Service {
    let command = clean(&binaries().sso_service, directory.path(), variables);
    let start = move || Service::start(command, &Secrets::default());
    tokio::task::spawn_blocking(start).await.unwrap()
}
