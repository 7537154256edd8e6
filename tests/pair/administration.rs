//! Administrators, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{Ask, Pair, RawRequest, patience, plain_client, until};

const PASSWORD: &str = "a password of somebody new";

/// A user to be created.
fn new_user(name: &str) -> Value {
    json!({"username": name, "password": PASSWORD})
}

#[tokio::test]
async fn an_administrator_disabled_while_sending_a_body_changes_nothing() {
    let pair = Pair::start();
    pair.create_user("chief", "the password of the chief", &["sso:admin"]);
    let answer = pair.anonymous().log_in("chief", "the password of the chief").await;
    let chief = pair.anonymous().with_token(answer.json()["token"].as_str().unwrap());
    let body = new_user("mallory").to_string();
    let request = RawRequest::new("POST", "/admin/users")
        .bearer(chief.token())
        .header("content-type", "application/json")
        .header("content-length", body.len().to_string())
        .without_body();
    let (first, rest) = body.split_at(body.len() / 2);
    let mut connection = TcpStream::connect(pair.sso.listening()).await.unwrap();
    connection.write_all(&[&request, first.as_bytes()].concat()).await.unwrap();

    pair.administer(&["user", "disable", "chief"]);
    until("the chief is disabled", patience(), async || {
        (chief.validate().await.status == 401).then_some(())
    })
    .await;
    connection.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let users = pair.administer(&["user", "list"]).stdout;
    assert!(!users.contains("mallory"), "{users}");
}

#[tokio::test]
async fn an_answered_change_is_recorded_though_the_process_is_killed() {
    let mut pair = Pair::start();
    let admin = pair.admin().await;
    for round in 0..3 {
        let name = format!("user-{round}");
        let create =
            admin.by(plain_client()).sso(Method::POST, "/admin/users").json(&new_user(&name));
        assert_eq!(create.ask().await.status, 201);
        pair.sso.kill();
        pair.start_sso_again();
        // A new connection: the old one belongs to the killed process.
        let events = admin.by(plain_client()).sso(Method::GET, "/admin/audit").ask().await.json();
        let created = events["events"].as_array().unwrap().iter().any(|event| {
            (&event["audit"], &event["target"]) == (&json!("user_changed"), &json!(name))
        });
        assert!(created, "{events}");
    }
}
