//! Tokens that services write into their logs.

use reqwest::Method;
use serde_json::Value;

use super::lines;
use crate::harness::{Ask, Caller, Pair};

/// How a token is served.
fn masked(token: &str) -> String {
    "sso_".to_owned() + &"*".repeat(token.len() - "sso_".len())
}

/// A token in a line, one in fragments, and one that a rotation cut.
fn write_log(pair: &Pair, token: &str) {
    let line = |second: u8, stream: &str, tag: &str, content: &str| {
        format!("2026-11-01T10:00:{second:02}Z {stream} {tag} {content}\n")
    };
    let (start, end) = token.split_at(30);
    let rotated = [
        line(1, "stdout", "F", &format!("token={token}&x")),
        line(2, "stdout", "P", &format!("in fragments: {start}")),
        line(3, "stderr", "F", "between"),
        line(4, "stdout", "F", end),
        line(5, "stdout", "P", &format!("rotated: {start}")),
    ];
    let current = line(6, "stdout", "F", &format!("{end}.")) + &line(7, "stdout", "F", "last");
    let container = pair.logs.pod("default", "web").container("app");
    container.write("0.log.20261101-100005", rotated.concat()).write("0.log", current);
}

async fn kubelet(caller: &Caller, query: &str) -> String {
    let path = format!("/api/v1/namespaces/default/pods/web/log?{query}");
    caller.gateway(Method::GET, &path).ask().await.text().to_owned()
}

#[tokio::test]
async fn a_token_in_a_log_is_masked_for_every_reader() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let (token, masked) = (admin.token().to_owned(), masked(admin.token()));
    write_log(&pair, &token);
    let expected = [
        format!("token={masked}&x"),
        "between".to_owned(),
        format!("in fragments: {masked}"),
        format!("rotated: {masked}."),
        "last".to_owned(),
    ];
    let text = expected.join("\n") + "\n";
    assert_eq!(admin.text("web").await.text(), text);
    assert_eq!(admin.text("web?tailLines=2").await.text(), expected[3..].join("\n") + "\n");
    assert_eq!(*admin.text("web?limitBytes=20").await.text(), text[..20]);
    assert_eq!(admin.logs("web").await.json()["logs"], text);
    let objects = lines(&admin, "").await;
    let messages: Vec<_> = objects.iter().map(|line| line["message"].clone()).collect();
    assert_eq!(messages, expected.each_ref().map(|line| Value::from(line.as_str())));
    let events = admin.gateway(Method::GET, "/logs/web").header("accept", "text/event-stream");
    let events = events.ask().await.text().to_owned();
    assert!(events.contains(&format!("in fragments: {masked}")) && !events.contains(&token[4..20]));
}

#[tokio::test]
async fn the_rest_of_a_token_is_masked_where_a_reading_begins_with_it() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    write_log(&pair, admin.token());
    let rest = "*".repeat(admin.token().len() - 30);
    let current = format!("{rest}.\nlast\n");
    assert_eq!(admin.text("web?history=current").await.text(), current);
    assert_eq!(kubelet(&admin, "").await, current);
    assert_eq!(kubelet(&admin, "tailLines=2").await, current);
    assert_eq!(kubelet(&admin, "limitBytes=5").await, "*****");
    let all = kubelet(&admin, "history=rotated").await;
    assert_eq!(
        all,
        format!(
            "token={0}&x\nin fragments: sso_{1}between\n{rest}\nrotated: sso_{1}{rest}.\nlast\n",
            masked(admin.token()),
            "*".repeat(26),
        )
    );
}

#[tokio::test]
async fn a_follow_that_ends_at_a_time_gives_no_beginning_of_a_token() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let content = format!("2026-11-01T10:00:00Z stdout P a {}\n", &admin.token()[..30]);
    pair.logs.write("default", "web", content);
    let query = "follow=true&untilTime=2026-11-01T10:00:09Z";
    let expected = format!("a sso_{}", "*".repeat(26));
    assert_eq!(admin.text(&format!("web?{query}")).await.text(), expected);
    assert_eq!(kubelet(&admin, query).await, expected);
}
