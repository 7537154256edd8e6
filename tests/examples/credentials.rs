//! Every kind of credential, against the real authority.

use reqwest::Method;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    example::Installed,
    harness::{Ask, Pair, WELL_FORMED_TOKEN},
    server::{Answer, Server},
};

const NO_TOKEN: &str = r#"Bearer realm="sso""#;
const INVALID_REQUEST: &str = r#"Bearer realm="sso", error="invalid_request""#;
const INVALID_TOKEN: &str = r#"Bearer realm="sso", error="invalid_token""#;
const NO_PERMISSION: &str =
    r#"Bearer realm="sso", error="insufficient_scope", scope="reports:read""#;

/// Tokens of each kind.
struct Tokens {
    reader: String,
    other: String,
    revoked: String,
    key: String,
}

pub(crate) fn check(runtime: &Runtime, installed: &Installed) {
    let pair = Pair::start();
    let server = Server::start(installed, &format!("http://{}", pair.sso.listening()));
    let tokens = runtime.block_on(async {
        let tokens = Tokens::issued_by(&pair).await;
        check_refusals(&server, &tokens).await;
        check_readers(&server, &tokens).await;
        tokens
    });
    let output = server.stop();
    for token in [tokens.reader, tokens.other, tokens.revoked, tokens.key] {
        assert!(!output.contains(&token), "a token is in the log:\n{output}");
    }
}

async fn check_refusals(server: &Server, tokens: &Tokens) {
    let [other, revoked] = [&tokens.other, &tokens.revoked].map(|token| format!("Bearer {token}"));
    let unknown = format!("Bearer {WELL_FORMED_TOKEN}");
    let table: [(&str, &[&[u8]], u16, &str); 9] = [
        ("no header", &[], 401, NO_TOKEN),
        ("another scheme", &[b"Basic YTpi"], 401, NO_TOKEN),
        ("two words", &[b"Bearer a b"], 400, INVALID_REQUEST),
        ("not ASCII", &[b"Bearer \xe9\xa0"], 400, INVALID_REQUEST),
        ("two headers", &[unknown.as_bytes(), unknown.as_bytes()], 400, INVALID_REQUEST),
        ("no token", &[b"bearer sso"], 401, INVALID_TOKEN),
        ("unknown", &[unknown.as_bytes()], 401, INVALID_TOKEN),
        ("revoked", &[revoked.as_bytes()], 401, INVALID_TOKEN),
        ("without the permission", &[other.as_bytes()], 403, NO_PERMISSION),
    ];
    for (name, authorization, status, challenge) in table {
        let expected =
            Answer { status, challenge: Some(challenge.into()), retry_after: None, hello: None };
        assert_eq!(server.ask(authorization).await, expected, "{name}");
    }
}

async fn check_readers(server: &Server, tokens: &Tokens) {
    let readers = [("alice", &tokens.reader, "Bearer"), ("key:reporter", &tokens.key, "bearer")];
    for (name, token, scheme) in readers {
        let answer = server.ask(&[format!("{scheme} {token}").as_bytes()]).await;
        let expected =
            Answer { status: 200, challenge: None, retry_after: None, hello: Some(name.into()) };
        assert_eq!(answer, expected);
    }
}

impl Tokens {
    async fn issued_by(pair: &Pair) -> Self {
        let reader = pair.user("alice", &["reports:read"]).await;
        let other = pair.user("bob", &["reports:write", "logs:read"]).await;
        let revoked = pair.user("carol", &["reports:read"]).await;
        assert_eq!(revoked.log_out().await.status, 204);
        let key = json!({ "name": "reporter", "permissions": ["reports:read"] });
        let key = pair.admin().await.sso(Method::POST, "/admin/keys").json(&key).ask().await;
        let key = pair.anonymous().with_token(key.json()["key"].as_str().unwrap());
        let [reader, other, revoked, key] =
            [reader, other, revoked, key].map(|caller| caller.token().to_owned());
        Self { reader, other, revoked, key }
    }
}
