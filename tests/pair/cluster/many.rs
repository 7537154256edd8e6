//! The logs of many pods of a cluster in one stream.

use std::fs;

use serde_json::Value;

use super::stage::Cluster;
use crate::{
    harness::{Pair, cri, cri_at},
    many::{ManyStream, NDJSON, ask, checkpoint, messages, records},
};

const ALL: &str = "pod=*&namespace=shop";
const FOLLOW: &str = "pod=*&namespace=shop&follow=true";

/// Pods whose lines are a second apart.
fn write(server: &Pair) {
    for (second, namespace, pod, line) in [
        (3, "shop", "web-0", "late ERROR"),
        (1, "shop", "web-1", "first"),
        (2, "bank", "web-0", "of the bank"),
        (4, "shop", "db", "last"),
    ] {
        server.logs.write(namespace, pod, cri_at(second, "stdout", line));
    }
    let side = server.logs.pod("shop", "db").container("side");
    side.write("0.log", cri_at(2, "stderr", "beside"));
}

fn append(server: &Pair, pod: &str, second: usize, line: &str) {
    server.logs.pod("shop", pod).container("app").append("0.log", cri_at(second, "stdout", line));
}

fn named(line: &Value) -> [&str; 2] {
    [&line["pod"], &line["message"]].map(|value| value.as_str().unwrap())
}

#[tokio::test]
async fn lines_of_many_pods_are_chosen_as_from_files() {
    let cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    for (query, expected) in [
        ("pod=*&namespace=*", &["first", "beside", "late ERROR", "last"][..]),
        ("pod=web-*&namespace=shop", &["first", "late ERROR"]),
        ("pod=*&namespace=sh*&container=side", &["beside"]),
        ("pod=*&namespace=shop&tail=2", &["late ERROR", "last"]),
        ("pod=*&namespace=shop&grep=i&tail=1", &["beside"]),
        ("pod=*&namespace=shop&level=error", &["late ERROR"]),
        ("pod=*&namespace=shop&limitLines=1", &["first"]),
        ("pod=*&namespace=shop&sinceTime=2026-11-01T10:00:03Z", &["late ERROR", "last"]),
        ("pod=*&namespace=shop&untilTime=2026-11-01T10:00:02Z", &["first"]),
        ("pod=*&namespace=shop&stream=Stderr", &["beside"]),
        ("pod=*&namespace=shop&previous=true", &[]),
        ("pod=none-*&namespace=shop", &[]),
    ] {
        let records = records(&alice, query).await;
        assert_eq!(messages(&records), expected, "{query}");
        assert_eq!(
            records.last().unwrap()["end"]["reason"].as_str(),
            Some(match query {
                "pod=*&namespace=shop&limitLines=1" => "limit",
                _ => "complete",
            })
        );
    }
    let text = ask(&alice, &format!("{ALL}&tail=1"), "text/plain").await;
    assert_eq!(text.text(), "shop/db/app last\n");
    for (query, status, code) in [
        ("pod=*&namespace=bank", 403, "permission_denied"),
        ("pod=*&namespace=shop&history=all", 422, "history_unavailable"),
        ("pod=*&namespace=shop&history=rotated", 422, "history_unavailable"),
        ("pod=*&namespace=shop&labelSelector=%3D%3D", 400, "bad_request"),
        ("pod=*&namespace=shop&after=AW0AAAAAgAAAAAAAAAAAABrm5Co", 400, "bad_cursor"),
    ] {
        ask(&alice, query, NDJSON).await.check_problem_is(status, code);
    }
}

#[tokio::test]
async fn pods_containers_and_runs_join_a_follow_and_go() {
    let cluster = Cluster::start(|server| server.logs.write("shop", "web", cri(&["starts"]))).await;
    let server = &cluster.server;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    let mut stream = ManyStream::of(&alice, FOLLOW, NDJSON).await;
    assert_eq!(named(&stream.line().await), ["web", "starts"]);
    append(server, "db", 1, "db starts");
    assert_eq!(stream.pod_event("joined").await["pod"], "db");
    assert_eq!(named(&stream.line().await), ["db", "db starts"]);
    let web = server.logs.pod("shop", "web").container("app");
    web.write("1.log", cri_at(3, "stdout", "web again"));
    assert_eq!(stream.pod_event("restarted").await["restart"], 1);
    assert_eq!(named(&stream.line().await), ["web", "web again"]);
    let after = stream.checkpoint().await;
    fs::remove_dir_all(server.logs.pod("shop", "db").path()).unwrap();
    assert_eq!(stream.pod_event("gone").await["pod"], "db");
    web.append("1.log", cri_at(4, "stdout", "last"));
    assert_eq!(named(&stream.line().await), ["web", "last"]);
    let rest = records(&alice, &format!("{ALL}&after={after}")).await;
    assert_eq!(messages(&rest), ["last"]);
    assert_eq!(rest.iter().filter(|record| record.get("gap").is_some()).count(), 1, "{rest:?}");
}

#[tokio::test]
async fn each_line_comes_once_across_restarts_of_the_api_server_and_of_the_reader() {
    let mut cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    let mut stream = ManyStream::of(&alice, FOLLOW, NDJSON).await;
    for expected in ["first", "beside", "late ERROR", "last"] {
        assert_eq!(stream.line().await["message"], expected);
    }
    let after = stream.checkpoint().await;
    append(&cluster.server, "web-0", 5, "five");
    assert_eq!(named(&stream.line().await), ["web-0", "five"]);
    cluster.server.gateway.stop();
    append(&cluster.server, "web-1", 6, "six");
    append(&cluster.server, "web-0", 7, "seven");
    cluster.server.start_gateway_again();
    append(&cluster.server, "db", 8, "eight");
    let mut more = Vec::new();
    for _ in 0..3 {
        more.push(stream.line().await["message"].as_str().unwrap().to_owned());
    }
    more.sort();
    assert_eq!(more, ["eight", "seven", "six"]);
    let rest = records(&alice, &format!("{ALL}&after={after}")).await;
    assert_eq!(messages(&rest), ["five", "six", "seven", "eight"]);
    assert!(rest.iter().all(|record| record.get("gap").is_none()), "{rest:?}");
    let last = records(&alice, &format!("{ALL}&after={}", checkpoint(&rest))).await;
    assert_eq!(messages(&last), [""; 0]);
}

#[tokio::test]
async fn a_dead_api_server_gives_no_logs_of_many_pods() {
    let mut cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    assert_eq!(messages(&records(&alice, ALL).await).len(), 4);
    cluster.server.gateway.stop();
    let refused = ask(&alice, ALL, NDJSON).await;
    refused.check_problem_is(503, "source_unavailable");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("The API server of the cluster"), "{detail}");
}
