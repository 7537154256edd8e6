//! The audit of reading: what a record says.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::{events, scene::Scene};
use crate::{
    harness::{Ask, WELL_FORMED_TOKEN, ask_kubernetes, cri, patience, until},
    operations::ops,
};

#[tokio::test]
async fn a_read_is_a_line_that_says_who_read_what() {
    let scene = Scene::start().await;
    let request = scene.alice.text_request("web?tailLines=1&timestamps=true");
    let answer = request.header("user-agent", "curl/8").ask().await;
    assert_eq!(answer.text(), "2026-11-01T10:00:01.000000000Z two\n");
    let mut read = scene.until_told("read", 1).await.remove(0);
    let session = scene.alice.validate().await.json();
    assert!(read["time"].as_str().unwrap().ends_with('Z'));
    assert!(read["duration_ms"].as_i64().unwrap() < 10_000);
    for changing in ["time", "duration_ms"] {
        read.as_object_mut().unwrap().remove(changing);
    }
    let expected = json!({
        "audit": "read",
        "request_id": answer.request_id(),
        "user": "alice",
        "user_id": session["user_id"],
        "session_id": session["session_id"],
        "ip": "127.0.0.1",
        "user_agent": "curl/8",
        "namespace": "default",
        "pod": "web",
        "container": "app",
        "uid": "5f0c2d1e-0000-4000-8000-000000000001",
        "options": {"tailLines": "1", "timestamps": "true"},
        "bytes": 35,
        "lines": 1,
        "masked": 0,
        "end": "complete",
        "status": 200,
    });
    assert_eq!(read, expected);
}

#[tokio::test]
async fn every_form_of_a_body_is_recorded_and_a_head_is_not() {
    let scene = Scene::start().await;
    let get = |path: &str| scene.alice.gateway(Method::GET, path);
    for accept in ["application/json", "text/plain", "application/x-ndjson", "text/event-stream"] {
        get("/logs/web").header("accept", accept).ask().await;
    }
    get("/logs/web").header("accept-encoding", "gzip").send().await.unwrap().bytes().await.unwrap();
    get("/logs/web?limitLines=1").ask().await;
    let kubelet = get("/api/v1/namespaces/default/pods/web/log")
        .header("kubectl-command", "kubectl logs")
        .header("kubectl-session", "s-1");
    assert_eq!(kubelet.send().await.unwrap().text().await.unwrap(), "one\ntwo\n");
    scene.alice.gateway(Method::HEAD, "/logs/web").send().await.unwrap();
    get("/logs/missing").ask().await.check_problem_is(404, "pod_not_found");
    let reads = scene.until_told("read", 7).await;
    let told = |read: &Value| (read["bytes"].clone(), read["lines"].clone(), read["end"].clone());
    for read in &reads[..5] {
        assert_eq!(told(read), (json!(8), json!(2), json!("complete")), "{read}");
    }
    assert_eq!(told(&reads[5]), (json!(4), json!(1), json!("limit")));
    assert_eq!(told(&reads[6]), (json!(8), json!(2), json!("complete")));
    assert_eq!(
        (&reads[6]["kubectl_command"], &reads[6]["kubectl_session"]),
        (&json!("kubectl logs"), &json!("s-1"))
    );
    let mut pair = scene.pair;
    pair.gateway.stop();
    assert_eq!(events(&scene.file).len(), 7);
}

#[tokio::test]
async fn a_follow_is_recorded_with_its_end() {
    let mut scene = Scene::start().await;
    let left = scene.follow("/logs/web?follow=true").await;
    drop(left);
    assert_eq!(scene.until_told("read", 1).await[0]["end"], "client");
    let revoked = scene.follow("/logs/web?follow=true").await;
    let other = scene.pair.user("bob", &["logs:read"]).await;
    assert_eq!(scene.alice.log_out().await.status, 204);
    assert_eq!(scene.until_told("read", 2).await[1]["end"], "revoked");
    drop(revoked);
    scene.alice = other;
    let ended = scene.follow("/logs/web?follow=true").await;
    scene.pair.logs.pod("default", "web").container("app").write("1.log", cri(&["three"]));
    let reads = scene.until_told("read", 3).await;
    assert_eq!((&reads[2]["end"], &reads[2]["user"]), (&json!("container_exit"), &json!("bob")));
    drop(ended);
}

#[tokio::test]
async fn a_body_that_stays_open_is_recorded_twice() {
    let scene = Scene::start().await;
    let open = scene.follow("/logs/web?follow=true").await;
    let paused = scene.follow("/api/v1/namespaces/default/pods/web/log?follow=true").await;
    let opened = scene.until_told("read_opened", 2).await;
    assert!(scene.events("read").is_empty());
    drop((open, paused));
    let reads = scene.until_told("read", 2).await;
    for read in reads {
        assert!(read["duration_ms"].as_i64().unwrap() >= 10_000, "{read}");
        let same = |event: &&Value| event["request_id"] == read["request_id"];
        let opened = opened.iter().find(same).unwrap();
        assert_eq!((&opened["pod"], &opened["status"]), (&json!("web"), &json!(200)));
        assert!(opened.get("bytes").is_none() && opened.get("end").is_none());
    }
}

#[tokio::test]
async fn a_websocket_is_recorded_and_so_is_a_key() {
    let scene = Scene::start().await;
    let admin = scene.pair.admin().await;
    let wish = json!({"name": "ci", "permissions": ["logs:read"]});
    let created = admin.sso(Method::POST, "/admin/keys").json(&wish).ask().await.json();
    let key = scene.pair.anonymous().with_token(created["key"].as_str().unwrap());
    let request = key
        .gateway(Method::GET, "/api/v1/namespaces/default/pods/web/log")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 101);
    let read = &scene.until_told("read", 1).await[0];
    assert_eq!(
        (&read["user"], &read["user_id"], &read["session_id"]),
        (&json!("key:ci"), &created["id"], &Value::Null)
    );
    assert_eq!((&read["status"], &read["bytes"]), (&json!(101), &json!(8)));
    drop(response);
}

#[tokio::test]
async fn refused_reads_are_recorded_and_repeats_are_counted() {
    let mut scene = Scene::start().await;
    scene.pair.logs.write("bank", "web", cri(&["secret"]));
    for _ in 0..3 {
        scene.alice.logs("bank/web").await.check_problem_is(403, "permission_denied");
    }
    let log = "/api/v1/namespaces/bank/pods/web/log";
    assert_eq!(ask_kubernetes(scene.alice.gateway(Method::GET, log)).await.0, 403);
    scene.alice.logs("bank/missing?tailLines=3").await.check_problem_is(403, "permission_denied");
    let denied = scene.until_told("read_denied", 2).await;
    let about = |event: &Value| (event["pod"].clone(), event["options"].clone());
    assert_eq!(about(&denied[0]), (json!("web"), Value::Null));
    assert_eq!(about(&denied[1]), (json!("missing"), json!({"tailLines": "3"})));
    assert!(denied.iter().all(|event| event["status"] == 403 && event["user"] == "alice"));
    scene.pair.gateway.stop();
    let denied = scene.events("read_denied");
    assert_eq!((denied.len(), &denied[2]["count"]), (3, &json!(3)), "{denied:?}");
    assert!(scene.events("read").is_empty());
}

#[tokio::test]
async fn no_record_holds_a_token() {
    let scene = Scene::start().await;
    let request = scene.alice.text_request(&format!("web?tailLines=1&since={WELL_FORMED_TOKEN}"));
    request.ask().await.check_problem_is(400, "bad_request");
    let path = format!("/api/v1/namespaces/default/pods/web/log?grep=%24{WELL_FORMED_TOKEN}");
    let request = scene.alice.gateway(Method::GET, &path);
    let request = request
        .header("user-agent", format!("x/{WELL_FORMED_TOKEN}"))
        .header("x-request-id", WELL_FORMED_TOKEN)
        .header("kubectl-command", WELL_FORMED_TOKEN);
    request.send().await.unwrap().bytes().await.unwrap();
    scene.alice.logs(&format!("bank/{}", WELL_FORMED_TOKEN.to_lowercase())).await;
    let denied = format!("/api/v1/namespaces/bank/pods/{WELL_FORMED_TOKEN}/log");
    assert_eq!(ask_kubernetes(scene.alice.gateway(Method::GET, &denied)).await.0, 403);
    scene.until_told("read_denied", 1).await;
    let read = &scene.until_told("read", 1).await[0];
    let masked = format!("sso_{}", "*".repeat(WELL_FORMED_TOKEN.len() - 4));
    assert_eq!(read["request_id"], masked.as_str());
    assert_eq!(read["user_agent"], format!("x/{masked}"));
    assert_eq!(read["options"]["grep"], format!("${masked}"));
    let text = fs::read_to_string(&scene.file).unwrap();
    assert!(!text.contains(WELL_FORMED_TOKEN) && !text.contains(scene.alice.token()), "{text}");
}

#[tokio::test]
async fn bodies_are_counted_for_operators() {
    let scene = Scene::start().await;
    scene.alice.text("web").await;
    let open = scene.follow("/logs/web?follow=true").await;
    let (_, metrics) = ops(&scene.pair.gateway, "/metrics").await;
    for line in [
        r#"logs_bytes_total{format="text"} 16"#,
        r#"logs_lines_total{format="text"} 4"#,
        r#"logs_streams_open{format="text"} 1"#,
        r#"logs_streams_open{format="kubernetes"} 0"#,
    ] {
        assert!(metrics.lines().any(|other| other == line), "{line}: {metrics}");
    }
    drop(open);
    until("the end of the follow", patience(), async || {
        let (_, metrics) = ops(&scene.pair.gateway, "/metrics").await;
        metrics.contains(r#"logs_follows_ended_total{end="client"} 1"#).then_some(())
    })
    .await;
}
