//! Applications that log users in by OpenID Connect, with third-party libraries.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    Case, cases,
    harness::{Ask, Caller, Pair, Setup},
    peer::{Installed, Peer},
    running::{End, Running},
    stage::{OwnNamespace, Stage, over_tls},
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [user_is_logged_in_and_out, algorithm_of_id_tokens_is_the_one_of_the_client],
};

const CALLBACK: &str = "https://app.example.org/callback";
const AFTER: &str = "https://app.example.org/bye";
/// A key of the authority's own tests.
const RSA_KEY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/sso-service/src/signing_keys/test_rsa_key.pem");

fn user_is_logged_in_and_out(stage: &Stage, library: &Installed) {
    // The session ends: it is the case's own.
    let OwnNamespace { name, reader } = stage.own();
    check(stage, library, stage.pair(), (&name, &reader), (&Value::Null, "ES256"));
}

/// Each row: what the client has registered, and what a service with a key for RS256 signs with.
fn algorithm_of_id_tokens_is_the_one_of_the_client(stage: &Stage, library: &Installed) {
    let pair = over_tls(Setup::new().sso("SSO_SIGNING_RSA_KEY_FILE", RSA_KEY));
    for (number, (registered, algorithm)) in
        [(json!("RS256"), "RS256"), (Value::Null, "RS256"), (json!("ES256"), "ES256")]
            .into_iter()
            .enumerate()
    {
        let name = format!("user-{number}");
        let user = stage.block_on(pair.user(&name, &[]));
        check(stage, library, &pair, (&name, &user), (&registered, algorithm));
    }
}

/// The whole way of a user, each step judged by the library: discovery, code, ID token, userinfo,
/// introspection, refresh, revocation, log-out, and the code presented once more.
fn check(
    stage: &Stage,
    library: &Installed,
    pair: &Pair,
    (name, user): (&str, &Caller),
    (registered, algorithm): (&Value, &str),
) {
    let app = stage.block_on(async {
        let body = json!({
            "name": format!("App of {name}"),
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [AFTER],
            "id_token_alg": registered,
        });
        let admin = pair.admin().await;
        admin.sso(Method::POST, "/admin/clients").json(&body).ask().await
    });
    assert_eq!(app.status, 201, "{}", app.text());
    let app = app.json();
    let text = |member: &str| app[member].as_str().unwrap().to_owned();
    let mut command = Command::new(&library.program);
    match library.peer {
        Peer::Authlib => command.args(["-c", include_str!("python/log_in.py")]),
        _ => {
            command.args(["--input-type=module", "-e", include_str!("javascript/log_in.js"), "--"])
        }
    };
    let (issuer, ca) = (format!("https://{}", pair.sso.listening()), pair.ca().file());
    command
        .args([&issuer, &text("client_id"), CALLBACK, AFTER])
        .current_dir(&library.directory)
        .env("ALGORITHM", algorithm)
        .env("SECRET", text("client_secret"))
        .env("COOKIE", format!("__Host-session_id={}", user.token()))
        .env("SSL_CERT_FILE", &ca)
        .env("NODE_EXTRA_CA_CERTS", &ca);
    let End { code, rest, stderr } = Running::start(&mut command).end();
    let rest: Vec<_> = rest.iter().map(|line| line.to_lowercase()).collect();
    let signed = format!("signed {}", algorithm.to_lowercase());
    let logged_in = format!("logged in {name} user");
    let user_info = format!("userinfo {name}");
    let expected = [
        &signed,
        &logged_in,
        &user_info,
        "introspection true true",
        "renewed true",
        "revoked false",
        "logged out true",
        "ended false",
        "replayed invalid_grant",
    ];
    assert_eq!(
        (code, rest.iter().map(String::as_str).collect()),
        (0, expected.to_vec()),
        "{registered} {stderr}"
    );
}
