//! Asks the Kubernetes API of the gateway.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::harness::{Caller, Pair, cri};

pub(super) const NS: &str = "/api/v1/namespaces";

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: String,
    pub(super) body: String,
    pub(super) response: reqwest::header::HeaderMap,
}

impl Answer {
    pub(super) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        assert!(headers.contains_key("x-request-id"), "{headers:?}");
        let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let body = String::from_utf8(response.bytes().await.unwrap().into()).unwrap();
        Self { status, kind: kind.unwrap_or_default(), body, response: headers }
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The object, of an answer that must be a success.
    #[track_caller]
    pub(super) fn object(&self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{self:?}");
        self.json()
    }

    /// A failure in these very bytes, but for the line end.
    #[track_caller]
    pub(super) fn check_failure(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.trim_end()), (status, body));
        assert_eq!(self.kind, "application/json");
    }
}

pub(super) async fn get(caller: &Caller, path: &str) -> Answer {
    Answer::to(caller.gateway(Method::GET, path)).await
}

pub(super) async fn post(caller: &Caller, path: &str, body: &Value) -> Answer {
    Answer::to(caller.gateway(Method::POST, path).json(body)).await
}

/// Two namespaces; alice reads one of them.
pub(super) async fn start() -> (Pair, Caller) {
    let pair = Pair::start();
    pair.logs.write("team-a", "web", cri(&["one", "two", "three"]));
    let multi = pair.logs.pod("team-a", "multi");
    for container in ["app", "sidecar"] {
        multi.container(container).write("0.log", cri(&[container]));
    }
    pair.logs.pod("team-a", "waiting").container("app");
    pair.logs.pod("team-a", "crashy").container("app").write("0.log", cri(&["before"]));
    pair.logs.pod("team-a", "crashy").container("app").write("1.log", cri(&["after"]));
    pair.logs.write("team-b", "secret", cri(&["hidden"]));
    let alice = pair.user("alice", &["logs:read:team-a/*"]).await;
    (pair, alice)
}
