//! Requests of a client, and what their answers tell.

use std::time::Duration;

use reqwest::{
    Method, Request, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    history::Answer,
    hosts::{gateway_url, instance_url},
    world::exchange,
};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(16);

/// The status and the body of an answer; `None` if there was none in time.
pub(crate) type Answered = Option<(u16, Value)>;

/// Logs in at an instance, and gives the token.
pub(crate) async fn log_in(instance: &str, [username, password]: [&str; 2]) -> Option<String> {
    let body = json!({"username": username, "password": password});
    let (status, answer) = call(&instance_url(instance), "/auth/login", None, Some(body)).await?;
    (status == 200).then(|| answer["token"].as_str().map(str::to_owned)).flatten()
}

/// Logs out at an instance, and tells whether that was answered.
pub(crate) async fn log_out(instance: &str, token: &str) -> bool {
    let answered = call(&instance_url(instance), "/auth/logout", Some(token), None).await;
    answered.is_some_and(|(status, _)| status == 204)
}

/// Ends all sessions of a user, and tells whether that was answered.
pub(crate) async fn end_sessions(instance: &str, admin: &str, username: &str) -> bool {
    let url = format!("{}/admin/users/{username}/sessions", instance_url(instance));
    let answered = send(Method::DELETE, &url, Some(admin), None).await;
    answered.is_some_and(|(status, _)| (200..300).contains(&status))
}

/// Creates a user who may read logs.
pub(crate) async fn create_user(instance: &str, admin: &str, user: [&str; 2]) -> Answered {
    let body = json!({"username": user[0], "password": user[1], "roles": ["reader"]});
    call(&instance_url(instance), "/admin/users", Some(admin), Some(body)).await
}

/// Validates a token at an instance.
///
/// # Errors
/// The status of an answer that is neither yes nor no nor unknown.
pub(crate) async fn validate(instance: &str, token: &str) -> Result<Answer, u16> {
    meaning(&call(&instance_url(instance), "/auth/validate", Some(token), None).await)
}

/// Reads a log at the gateway.
///
/// # Errors
/// As [`validate`].
pub(crate) async fn read_log(token: &str) -> Result<Answer, u16> {
    let url = format!("{}/logs/shop/web", gateway_url());
    meaning(&send(Method::GET, &url, Some(token), None).await)
}

fn meaning(answered: &Answered) -> Result<Answer, u16> {
    match answered {
        Some((200, _)) => Ok(Answer::Valid),
        Some((401, _)) => Ok(Answer::Invalid),
        // 408: the head of the request was lost on its way.
        Some((408 | 503, _)) | None => Ok(Answer::Unknown),
        Some((status, _)) => Err(*status),
    }
}

async fn call(base: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Answered {
    send(Method::POST, &format!("{base}{path}"), token, body).await
}

async fn send(method: Method, url: &str, token: Option<&str>, body: Option<Value>) -> Answered {
    let mut request = Request::new(method, Url::parse(url).ok()?);
    if let Some(token) = token {
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
    }
    if let Some(body) = body {
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        *request.body_mut() = Some(body.to_string().into());
    }
    let answer = timeout(PATIENCE, exchange(request)).await.ok()?.ok()?;
    let (status, body) = (answer.status().as_u16(), answer.bytes().await.ok()?);
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}
