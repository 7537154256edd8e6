//! Asks the sso-service about callers.

use actix_web::{Error, HttpRequest, HttpResponse, error::InternalError, http::StatusCode};
use reqwest::{Client, header::HeaderMap};
use serde::de::DeserializeOwned;

/// A client, and the address that it asks.
pub(crate) struct Authority(pub(crate) Client, pub(crate) String);

impl Authority {
    /// Returns the caller, if the token is valid and has the permission, else the refusal.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        permission: &str,
        from: &HttpRequest,
    ) -> Result<T, Error> {
        let post = self.0.post(format!("{}/auth/validate?permission={permission}", self.1));
        let post = from
            .headers()
            .get_all("authorization")
            .fold(post, |post, token| post.header("authorization", token.as_bytes()));
        let unavailable = |_| refuse(503, "retry-after", "1", &HeaderMap::new());
        let answer = post.send().await.map_err(unavailable)?;
        match answer.status().as_u16() {
            200 => answer.json().await.map_err(unavailable),
            by @ (400 | 401 | 403) => {
                Err(refuse(by, "www-authenticate", "Bearer", answer.headers()))
            }
            _ => Err(refuse(503, "retry-after", "1", answer.headers())),
        }
    }
}

fn refuse(status: u16, name: &str, default: &str, headers: &HeaderMap) -> Error {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let value = headers.get(name).map_or(default.as_bytes(), |value| value.as_bytes());
    let response = HttpResponse::build(status).insert_header((name, value)).finish();
    InternalError::from_response("refused", response).into()
}
