//! `/logs` and the Kubernetes log endpoint, from an API server.

use reqwest::Method;
use serde_json::Value;

use super::stage::Cluster;
use crate::harness::{Ask, Caller, Pair, cri, cri_at};

const LOG: &str = "/api/v1/namespaces/shop/pods/web/log";

fn write(server: &Pair) {
    server.logs.write("shop", "web", cri(&["one", "two", "three"]));
    for container in ["app", "side"] {
        server.logs.pod("shop", "two").container(container).write("0.log", cri(&[container]));
    }
    let crashed = server.logs.pod("shop", "crashed").container("app");
    crashed.write("0.log", cri(&["before"])).write("1.log", cri(&["after"]));
}

async fn text(caller: &Caller, path: &str) -> (u16, String) {
    let request = caller.gateway(Method::GET, path).header("accept", "text/plain, */*");
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn lines_are_chosen_as_from_files() {
    let cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    for (query, expected) in [
        ("", "one\ntwo\nthree\n"),
        ("?tail=1", "three\n"),
        ("?tail=2&grep=o", "one\ntwo\n"),
        ("?grep=t&limitLines=1", "two\n"),
        ("?exclude=two&timestamps=true&tail=1", "2026-11-01T10:00:02.000000000Z three\n"),
        ("?sinceTime=2026-11-01T10:00:00.5Z&untilTime=2026-11-01T10:00:02Z", "two\n"),
        ("?limitBytes=6", "one\ntw"),
        ("?history=current&tail=0", ""),
        ("?stream=Stderr", ""),
        ("?stream=Stdout&tail=1", "three\n"),
    ] {
        assert_eq!(
            text(&alice, &format!("/logs/shop/web{query}")).await,
            (200, expected.into()),
            "{query}"
        );
    }
    assert_eq!(text(&alice, "/logs/shop/two?container=side").await, (200, "side\n".into()));
    assert_eq!(text(&alice, "/logs/shop/two?container=*").await, (200, "app\nside\n".into()));
    assert_eq!(text(&alice, "/logs/shop/crashed?previous=true").await.0, 404);
}

#[tokio::test]
async fn refusals_name_their_reason() {
    let cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    for (path, status, code) in [
        ("/logs/shop/none", 404, "pod_not_found"),
        ("/logs/bank/web", 403, "permission_denied"),
        ("/logs/shop/two", 400, "container_required"),
        ("/logs/shop/web?container=none", 404, "container_not_found"),
        ("/logs/shop/web?history=rotated", 422, "history_unavailable"),
        ("/logs/shop/web?history=all", 422, "history_unavailable"),
        ("/logs/shop/web?run=7", 404, "run_not_found"),
        ("/logs/shop/web?after=AWYAAAAAAA", 400, "bad_cursor"),
    ] {
        alice.gateway(Method::GET, path).ask().await.check_problem_is(status, code);
    }
    let head = alice.gateway(Method::HEAD, "/logs/shop/web").send().await.unwrap();
    assert_eq!(head.status(), 200);
    let head = alice.gateway(Method::HEAD, "/logs/shop/none").send().await.unwrap();
    assert_eq!(head.status(), 404);
}

#[tokio::test]
async fn a_follow_survives_a_restart_of_the_api_server() {
    let mut cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    let request = alice.gateway(Method::GET, "/logs/shop/web?follow=true");
    let mut response = request.header("accept", "application/x-ndjson").send().await.unwrap();
    let mut received = String::new();
    let mut read_until = async |word: &str| {
        while !received.contains(word) {
            received
                .push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
        }
        received.clone()
    };
    assert!(read_until("\"live\"").await.contains("three"));
    let app = cluster.server.logs.pod("shop", "web").container("app");
    app.append("0.log", cri_at(3, "stdout", "four"));
    read_until("four").await;
    cluster.server.gateway.stop();
    app.append("0.log", cri_at(4, "stdout", "five"));
    cluster.server.start_gateway_again();
    app.append("0.log", cri_at(5, "stdout", "six"));
    let all = read_until("six").await;
    let records = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let records: Vec<_> = records.collect();
    let lines: Vec<_> = records.iter().filter_map(|record| record["message"].as_str()).collect();
    assert_eq!(lines, ["one", "two", "three", "four", "five", "six"]);
    assert!(records.iter().all(|record| record.get("gap").is_none()), "{all}");
    assert!(records.iter().all(|record| record.get("stream").is_none()), "{all}");
    // A client that comes back goes on behind the line that it has.
    let cursor =
        records.iter().find(|record| record["message"] == "four").unwrap()["cursor"].clone();
    let path = format!("/logs/shop/web?after={}", cursor.as_str().unwrap());
    assert_eq!(text(&alice, &path).await, (200, "five\nsix\n".into()));
}

#[tokio::test]
async fn the_kubernetes_log_is_that_of_the_api_server() {
    let cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    let direct = cluster.server.admin().await;
    for path in [
        format!("{LOG}?tailLines=1&timestamps=true"),
        format!("{LOG}?sinceTime=2026-11-01T10:00:01Z"),
        format!("{LOG}?previous=true"),
        format!("{LOG}?container=none"),
        "/api/v1/namespaces/shop/pods/two/log".to_owned(),
        "/api/v1/namespaces/shop/pods/none/log".to_owned(),
        "/api/v1/namespaces/shop/pods/none".to_owned(),
    ] {
        assert_eq!(text(&alice, &path).await, text(&direct, &path).await, "{path}");
    }
    assert_eq!(text(&alice, &format!("{LOG}?limitBytes=5")).await, (200, "one\nt".into()));
    assert_eq!(text(&alice, &format!("{LOG}?grep=two")).await, (200, "two\n".into()));
    assert_eq!(text(&alice, &format!("{LOG}?history=all")).await.0, 422);
}

#[tokio::test]
async fn tokens_of_the_api_server_are_masked() {
    let token = "sso_0000000000000000000000000000000000000000000_3IlBS7";
    let masked = format!("sso_{}", "*".repeat(token.len() - 4));
    let line = format!("token {token}!");
    let cluster = Cluster::start(|server| server.logs.write("shop", "web", cri(&[&line]))).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    for path in ["/logs/shop/web", LOG, "/logs/shop/web?grep=token"] {
        // The API server is a gateway as well, and masks it first.
        assert_eq!(text(&alice, path).await, (200, format!("token {masked}!\n")), "{path}");
    }
}

#[tokio::test]
async fn a_dead_api_server_is_unavailable() {
    let mut cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    cluster.server.gateway.stop();
    let answer = alice.gateway(Method::GET, "/logs/shop/web").ask().await;
    answer.check_problem_is(503, "source_unavailable");
    assert_eq!(text(&alice, LOG).await.0, 503);
}
