//! Mail of the sso-service to a server of others (aiosmtpd) that requires STARTTLS and a password.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::Command,
};

use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Ask, Pair, PrivateCa, Setup, patience, until},
    installed,
    running::Running,
};

const NEW_PASSWORD: &str = "another horse battery";

pub(crate) fn trials() -> Vec<Trial> {
    vec![installed::trial(
        "aiosmtpd::a_forgotten_password_is_replaced_although_the_server_was_down".to_owned(),
        installed::python(),
        |python| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(a_forgotten_password_is_replaced(&python));
        },
    )]
}

/// A server of mail at this port; 0: at any.
fn server(python: &PathBuf, port: u16, ca: &PrivateCa) -> (Running, u16) {
    let pair = ca.files("mail");
    ca.issue_for(IpAddr::V4(Ipv4Addr::LOCALHOST), &pair);
    let (certificate, key) = pair.paths();
    let mut command = Command::new(python);
    command.args(["-c", include_str!("python/smtp_server.py")]);
    command.args([&port.to_string(), certificate, key, "sso", "mail/password"]);
    let running = Running::start(&mut command);
    let port = running.line().parse().unwrap();
    (running, port)
}

async fn a_forgotten_password_is_replaced(python: &PathBuf) {
    let ca = PrivateCa::new();
    let (mail, port) = server(python, 0, &ca);
    let pair = Setup::new()
        .sso("SSO_SMTP_URL", &format!("smtp://sso:mail%2Fpassword@127.0.0.1:{port}"))
        .sso("SSO_SMTP_FROM", "Example logs <logs@example.org>")
        .sso("SSO_TITLE", "Example logs")
        .sso("SSO_REGISTRATION", "open")
        .sso("SSO_REQUIRE_VERIFIED_EMAIL", "true")
        .sso("SSL_CERT_FILE", &ca.file())
        .start();
    let alice = pair.anonymous();
    let post = async |path: &str, body: Value| {
        alice.sso(Method::POST, path).json(&body).ask().await.status
    };
    let user = json!({
        "username": "alice",
        "password": "correct horse battery",
        "email": "alice@example.org",
    });
    assert_eq!(post("/auth/register", user).await, 201);
    let letter = received(&mail, "Your code for Example logs");
    let code = letter["text"].as_str().unwrap().lines().find(|line| line.len() == 6).unwrap();
    let refused = alice.log_in("alice", "correct horse battery").await;
    refused.check_problem_is(403, "email_unverified");
    let body = json!({"username": "alice", "code": code});
    assert_eq!(post("/auth/verify-email", body).await, 204);
    assert_eq!(alice.log_in("alice", "correct horse battery").await.status, 200);

    drop(mail);
    for address in ["nobody@example.org", "alice@example.org"] {
        assert_eq!(post("/auth/password/forgot", json!({"email": address})).await, 204);
    }
    let has_failed = async || (failures(&pair).await > 0).then_some(());
    until("the server is found to be down", patience(), has_failed).await;
    let (mail, _) = server(python, port, &ca);
    let letter = received(&mail, "A new password for Example logs");
    let mut lines = letter["text"].as_str().unwrap().lines();
    let secret = lines.find_map(|line| line.split_once("/reset?token=")).unwrap().1;
    let body = json!({"token": secret, "new_password": NEW_PASSWORD});
    assert_eq!(post("/auth/password/reset", body).await, 204);
    assert_eq!(alice.log_in("alice", NEW_PASSWORD).await.status, 200);
}

/// The next mail, which is to Alice, over TLS.
#[track_caller]
fn received(mail: &Running, subject: &str) -> Value {
    let letter: Value = serde_json::from_str(&mail.line()).unwrap();
    assert_eq!(letter["subject"], subject);
    assert_eq!(letter["to"], json!(["alice@example.org"]));
    assert_eq!(letter["from"], "logs@example.org");
    assert_eq!((&letter["tls"], &letter["authenticated"]), (&json!(true), &json!(true)));
    assert_eq!(letter["type"], "text/plain");
    letter
}

/// How many mails could not be sent.
async fn failures(pair: &Pair) -> u64 {
    let metrics = reqwest::get(format!("http://{}/metrics", pair.sso.ops())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let count = metrics.lines().find_map(|line| line.strip_prefix("mails_failed_total "));
    count.unwrap().parse().unwrap()
}
