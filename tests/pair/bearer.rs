//! The rows of the contract's table on Bearer credentials, on both services.

use std::net::SocketAddr;

use crate::harness::{Answer, Pair, RawRequest, WELL_FORMED_TOKEN, cri};

const REALM: &str = "Bearer realm=\"sso\"";

/// Every route that needs a credential.
struct Protected {
    method: &'static str,
    path: &'static str,
    address: SocketAddr,
}

impl Protected {
    fn all(pair: &Pair) -> Vec<Self> {
        let (gateway, sso) = (pair.gateway.listening(), pair.sso.listening());
        let of = |method, path, address| Self { method, path, address };
        vec![
            of("GET", "/logs/web", gateway),
            of("GET", "/logs/default/web", gateway),
            of("GET", "/pods", gateway),
            of("POST", "/auth/validate", sso),
            of("GET", "/auth/session", sso),
            of("GET", "/auth/user", sso),
            of("POST", "/auth/logout", sso),
        ]
    }

    async fn ask(&self, authorizations: &[&[u8]]) -> Answer {
        let mut request = RawRequest::new(self.method, self.path);
        for value in authorizations {
            request = request.header("Authorization", value);
        }
        request.send(self.address).await
    }

    async fn check(&self, authorizations: &[&[u8]], (status, challenge, code): (u16, &str, &str)) {
        let answer = self.ask(authorizations).await;
        answer.check_problem_is(status, code);
        assert_eq!(answer.challenge(), Some(challenge), "{} {answer:?}", self.path);
    }
}

#[tokio::test]
async fn a_request_without_a_bearer_credential_is_401() {
    let pair = Pair::start();
    for protected in Protected::all(&pair) {
        for authorizations in [&[][..], &[&b"Basic cm9vdDpyb290"[..]], &[b"Bearertoken"], &[b""]] {
            protected.check(authorizations, (401, REALM, "not_authenticated")).await;
        }
    }
}

#[tokio::test]
async fn a_malformed_credential_is_a_bad_request() {
    let pair = Pair::start();
    let token = pair.admin().await.token().to_owned();
    let good = format!("Bearer {token}").into_bytes();
    let long = format!("Bearer {}", "a".repeat(4096)).into_bytes();
    let cases: [&[&[u8]]; 8] = [
        &[b"Bearer"],
        &[b"Bearer "],
        &[b"Bearer one two"],
        &[b"Bearer one,two"],
        &[b"Bearer \xff"],
        &[&long],
        &[&good, &good],
        &[b"Basic cm9vdDpyb290", &good],
    ];
    let challenge = format!("{REALM}, error=\"invalid_request\"");
    for protected in Protected::all(&pair) {
        for authorizations in cases {
            protected.check(authorizations, (400, &challenge, "invalid_request")).await;
        }
    }
}

#[tokio::test]
async fn an_unknown_token_is_invalid() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let revoked = admin.token().to_owned();
    admin.log_out().await;
    let answer = pair.anonymous().log_in(crate::harness::ADMIN.0, crate::harness::ADMIN.1).await;
    let refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    let mistyped = format!("{}x", &revoked[..revoked.len() - 1]);

    let challenge = format!("{REALM}, error=\"invalid_token\"");
    for protected in Protected::all(&pair) {
        for token in [WELL_FORMED_TOKEN, &revoked, &mistyped, &refresh, "sso_short", "a.b.c=="] {
            let authorization = format!("Bearer {token}");
            if protected.path == "/auth/logout" {
                // Already logged out.
                assert_eq!(protected.ask(&[authorization.as_bytes()]).await.status, 204);
            } else {
                let expected = (401, challenge.as_str(), "invalid_token");
                protected.check(&[authorization.as_bytes()], expected).await;
            }
        }
    }
}

#[tokio::test]
async fn the_scheme_has_no_case() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "] {
        let authorization = format!("{scheme} {}", admin.token());
        for protected in Protected::all(&pair) {
            if protected.path != "/auth/logout" {
                let answer = protected.ask(&[authorization.as_bytes()]).await;
                assert_eq!(answer.status, 200, "{scheme} {}", protected.path);
            }
        }
    }
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let pair = Pair::start();
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    let check = |answer: Answer, permission: &str| {
        answer.check_problem_is(403, "permission_denied");
        let challenge = format!("{REALM}, error=\"insufficient_scope\", scope=\"{permission}\"");
        assert_eq!(answer.challenge(), Some(challenge.as_str()));
    };
    check(alice.logs("web").await, "logs:read:default/web");
    check(alice.logs("bank/vault").await, "logs:read:bank/vault");
    let query = "/auth/validate?permission=logs:read:bank/vault";
    let validation = RawRequest::new("POST", query).bearer(alice.token());
    check(validation.send(pair.sso.listening()).await, "logs:read:bank/vault");
}

#[tokio::test]
async fn a_token_in_the_query_string_is_not_a_credential() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let token = pair.admin().await.token().to_owned();
    for protected in Protected::all(&pair) {
        for name in ["access_token", "token", "session_token", "Authorization"] {
            let target = format!("{}?{name}={token}", protected.path);
            let answer = RawRequest::new(protected.method, &target).send(protected.address).await;
            assert!(matches!(answer.status, 400 | 401), "{target}: {answer:?}");
            assert!(!String::from_utf8_lossy(&answer.body).contains(&token), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_token_in_header_and_body_is_a_bad_request() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let body = serde_json::json!({ "session_token": admin.token() });
    let request = admin.sso(reqwest::Method::POST, "/auth/validate").json(&body);
    let answer = crate::harness::Ask::ask(request).await;
    answer.check_problem_is(400, "invalid_request");
    let challenge = format!("{REALM}, error=\"invalid_request\"");
    assert_eq!(answer.challenge(), Some(challenge.as_str()));
}
