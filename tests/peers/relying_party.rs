//! Applications that log users in by OpenID Connect, with third-party libraries.

use std::process::Command;

use reqwest::Method;
use serde_json::json;

use crate::{
    Case, cases,
    harness::Ask,
    peer::{Installed, Peer},
    running::{End, Running},
    stage::{OwnNamespace, Stage},
};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    self: [user_is_logged_in_and_out],
};

const CALLBACK: &str = "https://app.example.org/callback";
const AFTER: &str = "https://app.example.org/bye";

/// The whole way of a user, each step judged by the library: discovery, code, ID token, userinfo,
/// introspection, refresh, revocation, log-out, and the code presented once more.
fn user_is_logged_in_and_out(stage: &Stage, library: &Installed) {
    // The session ends: it is the case's own.
    let OwnNamespace { name, reader } = stage.own();
    let app = stage.block_on(async {
        let body = json!({
            "name": format!("App of {name}"),
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [AFTER],
        });
        let admin = stage.pair().admin().await;
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
    let issuer = format!("https://{}", stage.pair().sso.listening());
    let ca = stage.pair().ca().file();
    command
        .args([&issuer, &text("client_id"), CALLBACK, AFTER])
        .current_dir(&library.directory)
        .env("SECRET", text("client_secret"))
        .env("COOKIE", format!("__Host-session_id={}", reader.token()))
        .env("SSL_CERT_FILE", &ca)
        .env("NODE_EXTRA_CA_CERTS", &ca);
    let End { code, rest, stderr } = Running::start(&mut command).end();
    let rest: Vec<_> = rest.iter().map(|line| line.to_lowercase()).collect();
    let logged_in = format!("logged in {name} user");
    let user_info = format!("userinfo {name}");
    let expected = [
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
        "{stderr}"
    );
}
