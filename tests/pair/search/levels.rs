//! `level`, and the level of a line as a client sees it.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Ask, Caller, Pair, ask_kubernetes, cri_at};

async fn with_web_pod() -> (Pair, Caller) {
    let pair = Pair::start();
    let lines = [
        cri_at(0, "stdout", "  before all"),
        cri_at(1, "stdout", r#"{"level":"debug","msg":"an error"}"#),
        cri_at(2, "stderr", "ERROR java.lang.IllegalStateException: x"),
        cri_at(3, "stdout", "level=info msg=between"),
        cri_at(4, "stderr", "\tat com.example.Info.get(Debug.java:7)"),
        cri_at(5, "stderr", "Caused by: java.io.IOException: y"),
        cri_at(6, "stderr", "W1101 10:00:00.000000       1 main.go:7] retried"),
        cri_at(7, "stderr", "unnamed"),
        cri_at(8, "stderr", " more of it"),
        cri_at(9, "stdout", "\u{1b}[35mFA\u{1b}[0mTAL gone"),
    ];
    pair.logs.write("default", "web", lines.concat());
    let admin = pair.admin().await;
    (pair, admin)
}

const STACK: &str = "ERROR java.lang.IllegalStateException: x\n\
                     \tat com.example.Info.get(Debug.java:7)\n\
                     Caused by: java.io.IOException: y\n";
const FATAL: &str = "\u{1b}[35mFA\u{1b}[0mTAL gone\n";

#[tokio::test]
async fn lines_of_a_level_come_with_the_lines_that_continue_them() {
    let (_pair, admin) = with_web_pod().await;
    let retried = "W1101 10:00:00.000000       1 main.go:7] retried\n";
    for (query, expected) in [
        ("level=fatal", FATAL.to_owned()),
        ("level=error", format!("{STACK}{FATAL}")),
        (
            "level=err&tail=3",
            "\tat com.example.Info.get(Debug.java:7)\n\
          Caused by: java.io.IOException: y\n"
                .to_owned()
                + FATAL,
        ),
        ("level=warning", format!("{STACK}{retried}{FATAL}")),
        ("level=info&stream=Stdout", format!("level=info msg=between\n{FATAL}")),
        ("level=error&grep=java", STACK.to_owned()),
        (
            "level=error&sinceTime=2026-11-01T10:00:05Z",
            format!("Caused by: java.io.IOException: y\n{FATAL}"),
        ),
    ] {
        assert_eq!(admin.text(&format!("web?{query}")).await.text(), expected, "{query}");
    }
    admin.logs("web?level=verbose").await.check_problem_is(422, "invalid_value");
    let log = "/api/v1/namespaces/default/pods/web/log";
    let ask = |query| admin.gateway(Method::GET, &format!("{log}?{query}"));
    assert_eq!(ask("level=error&tailLines=1").ask().await.text(), FATAL);
    let (status, refusal) = ask_kubernetes(ask("level=verbose")).await;
    assert_eq!((status, &refusal["reason"]), (422, &Value::from("Invalid")));
}

#[tokio::test]
async fn an_exception_below_a_failure_has_its_level() {
    let pair = Pair::start();
    let stack = [
        cri_at(1, "stdout", "10:00:01 ERROR [main] c.e.Products : Cannot read product 7"),
        cri_at(2, "stdout", "java.sql.SQLException: no info about product 7"),
        cri_at(3, "stdout", "\tat com.example.Products.read(Products.java:41)"),
        cri_at(4, "stdout", "Caused by: java.net.SocketTimeoutException: Read timed out"),
    ];
    let others = [
        cri_at(0, "stdout", "10:00:00 INFO [main] started"),
        cri_at(5, "stdout", "10:00:05 INFO [main] retried"),
        cri_at(6, "stdout", "java.sql.SQLException: printed by itself"),
    ];
    let lines = [&others[..1], &stack, &others[1..]].concat();
    pair.logs.write("default", "web", lines.concat());
    let admin = pair.admin().await;
    let expected = stack.map(|line| line.splitn(4, ' ').nth(3).unwrap().to_owned()).concat();
    for query in ["level=error", "level=error&tail=4", "level=error&grep=product|Caused|at"] {
        assert_eq!(admin.text(&format!("web?{query}")).await.text(), expected, "{query}");
    }
}

async fn objects(admin: &Caller, query: &str) -> Vec<Value> {
    let path = format!("/logs/web?{query}");
    let request = admin.gateway(Method::GET, &path).header("accept", "application/x-ndjson");
    let answer = request.ask().await;
    let objects = answer.text().lines().map(|line| serde_json::from_str(line).unwrap());
    objects.filter(|object: &Value| object["time"].is_string()).collect()
}

#[tokio::test]
async fn an_object_names_the_level_of_its_line() {
    let (_pair, admin) = with_web_pod().await;
    let levels: Vec<Value> =
        objects(&admin, "").await.iter().map(|object| object["level"].clone()).collect();
    let expected = [
        None,
        Some("debug"),
        Some("error"),
        Some("info"),
        Some("error"),
        Some("error"),
        Some("warn"),
        None,
        None,
        Some("fatal"),
    ];
    assert_eq!(levels, expected.map(Value::from));
}

#[tokio::test]
async fn a_cursor_keeps_the_level_that_is_continued() {
    let (_pair, admin) = with_web_pod().await;
    let all = objects(&admin, "level=error").await;
    let messages = |objects: &[Value]| -> Vec<Value> {
        objects.iter().map(|object| object["message"].clone()).collect()
    };
    for (index, object) in all.iter().enumerate() {
        let Some(cursor) = object["cursor"].as_str() else { continue };
        let rest = objects(&admin, &format!("level=error&after={cursor}")).await;
        assert_eq!(messages(&rest), messages(&all[index + 1..]));
    }
}
