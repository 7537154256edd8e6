//! The log of one pod, read through a front.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{
    EVENTS, NDJSON,
    scene::{Scene, whole_answer},
};
use crate::{
    harness::{Ask, Setup, cri, cri_at, patience, scratch, until},
    kubernetes::socket::Socket,
};

#[tokio::test]
async fn every_form_has_the_bytes_of_the_node() {
    let cluster = Scene::start(2, Setup::new()).await;
    let admin = cluster.front.admin().await;
    let many: Vec<_> = (0..50).map(|line| format!("line {line} \u{1F680} of many")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    cluster.nodes[1].logs.write("shop", "web", cri(&many));
    cluster.wait_for_pod(&admin, "web").await;
    let kubernetes = "/api/v1/namespaces/shop/pods/web/log";
    for path in [
        "/logs/shop/web",
        "/logs/web?namespace=shop&tail=3&timestamps=true",
        "/logs/shop/web?grep=line%202&limitLines=4",
        "/logs/shop/web?download=true&container=app",
        kubernetes,
        &format!("{kubernetes}?tailLines=2&timestamps=true"),
        // What is refused is refused in the same words.
        "/logs/shop/web?container=other",
        "/logs/shop/web?previous=true",
        "/logs/shop/web?grep=(",
        &format!("{kubernetes}?container=other"),
        &format!("{kubernetes}?previous=true"),
    ] {
        for accept in ["application/json", "text/plain, */*", NDJSON, EVENTS] {
            for encoding in ["identity", "gzip"] {
                let headers =
                    [("accept", accept), ("accept-encoding", encoding), ("x-request-id", "r-1")];
                let front = admin.gateway(Method::GET, path);
                let node = cluster.ask_node(1, path);
                let front = whole_answer(front, &headers).await;
                let node = whole_answer(node, &headers).await;
                assert_eq!(front.0, node.0, "{path} {accept} {encoding}");
                assert_eq!(front, node, "{path} {accept} {encoding}");
            }
        }
    }
}

#[tokio::test]
async fn only_the_front_decides_who_may_read() {
    let cluster = Scene::start(1, Setup::new()).await;
    let admin = cluster.front.admin().await;
    cluster.nodes[0].logs.write("shop", "web", cri(&["one"]));
    cluster.wait_for_pod(&admin, "web").await;
    let ada = cluster.front.user("ada", &["logs:read:bank/*"]).await;
    for path in ["/logs/shop/web", "/logs/shop/none"] {
        ada.gateway(Method::GET, path).ask().await.check_problem_is(403, "permission_denied");
    }
    admin.logs("shop/none").await.check_problem_is(404, "pod_not_found");
    assert_eq!(admin.gateway(Method::HEAD, "/logs/shop/web").ask().await.status, 200);
}

#[tokio::test]
async fn a_log_out_ends_a_follow_of_each_form() {
    let setup = Setup::new().gateway("GATEWAY_REVALIDATE", "200ms");
    let cluster = Scene::start(1, setup).await;
    let admin = cluster.front.admin().await;
    cluster.nodes[0].logs.write("shop", "web", cri(&["one"]));
    cluster.wait_for_pod(&admin, "web").await;
    let ada = cluster.front.user("ada", &["logs:read:shop/*"]).await;
    let kubernetes = "/api/v1/namespaces/shop/pods/web/log?follow=true";
    let mut open = Vec::new();
    for (path, accept) in [
        ("/logs/shop/web?follow=true", "text/plain"),
        (kubernetes, "*/*"),
        ("/logs/shop/web?follow=true", NDJSON),
        ("/logs/shop/web?follow=true", EVENTS),
        ("/logs?pod=web&namespace=shop&follow=true", NDJSON),
        ("/logs?pod=web&namespace=shop&follow=true", "text/plain"),
    ] {
        let request = ada.gateway(Method::GET, path).header("accept", accept);
        let mut response = request.send().await.unwrap();
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("one") {
            seen.extend_from_slice(&response.chunk().await.unwrap().unwrap());
        }
        open.push((path, accept, response));
    }
    ada.log_out().await;
    for (path, accept, response) in open {
        let rest = response.bytes().await;
        match accept {
            NDJSON => {
                let rest = String::from_utf8_lossy(&rest.unwrap()).into_owned();
                assert!(rest.ends_with("{\"end\":{\"reason\":\"revoked\"}}\n"), "{path}: {rest}");
            }
            EVENTS => {
                let rest = String::from_utf8_lossy(&rest.unwrap()).into_owned();
                assert!(rest.contains("event: auth\n"), "{path}: {rest}");
                assert!(rest.ends_with("data: {\"reason\":\"revoked\"}\n\n"), "{path}: {rest}");
            }
            _ => assert!(rest.is_err(), "{path} {accept}: {rest:?}"),
        }
    }
}

#[tokio::test]
async fn a_log_comes_over_a_websocket_of_which_the_node_knows_nothing() {
    let setup = Setup::new().gateway("GATEWAY_REVALIDATE", "200ms");
    let cluster = Scene::start(1, setup).await;
    let admin = cluster.front.admin().await;
    cluster.nodes[0].logs.write("shop", "web", cri(&["one", "two"]));
    cluster.wait_for_pod(&admin, "web").await;
    let path = "/api/v1/namespaces/shop/pods/web/log";
    let socket = Socket::open(&admin, path, &["binary.k8s.io"]).await;
    assert_eq!(socket.whole().await, b"one\ntwo\n");
    let ada = cluster.front.user("ada", &["logs:read:shop/*"]).await;
    let mut follow = Socket::open(&ada, &format!("{path}?follow=true"), &["binary.k8s.io"]).await;
    follow.expect("one\ntwo\n").await;
    let pod = cluster.nodes[0].logs.pod("shop", "web");
    pod.container("app").append("0.log", cri_at(2, "stdout", "three"));
    follow.expect("three\n").await;
    ada.log_out().await;
    follow.check_end_is(CloseCode::Policy, "Revoked").await;
}

#[tokio::test]
async fn the_front_and_the_node_record_a_read() {
    let audit = scratch();
    let file = audit.path().join("audit");
    let setup = Setup::new().gateway("GATEWAY_AUDIT_FILE", file.to_str().unwrap());
    let cluster = Scene::start(1, setup).await;
    let admin = cluster.front.admin().await;
    cluster.nodes[0].logs.write("shop", "web", cri(&["one", "two"]));
    cluster.wait_for_pod(&admin, "web").await;
    let request = admin.text_request("shop/web?container=app").header("x-request-id", "r-7");
    request.header("accept-encoding", "identity").ask().await.text();
    for (file, node) in [(file, json!("node-2")), (cluster.nodes[0].audit(), json!(null))] {
        let read = until("a record", patience(), async || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let mut records =
                text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            records.find(|record| record["audit"] == "read" && record["request_id"] == "r-7")
        })
        .await;
        let told = ["user", "pod", "container", "bytes", "end", "status", "node"];
        let expected = [
            json!("root"),
            json!("web"),
            json!("app"),
            json!(8),
            json!("complete"),
            json!(200),
            node,
        ];
        assert_eq!(told.map(|name| read[name].clone()), expected);
    }
}

/// How much memory the front may take for the log of a client that does not read, in bytes.
const MOST_MEMORY: u64 = 32 * 1024 * 1024;

#[tokio::test]
async fn a_client_that_reads_nothing_costs_the_front_little() {
    let cluster = Scene::start(1, Setup::new()).await;
    let admin = cluster.front.admin().await;
    let logs = &cluster.nodes[0].logs;
    logs.pod("shop", "web").container("app").write_large(200 * 1024 * 1024);
    cluster.wait_for_pod(&admin, "web").await;
    let memory = || cluster.front.gateway.process().peak_memory();
    let before = memory();
    let mut open = Vec::new();
    for (path, accept) in [
        ("/logs/shop/web", "text/plain"),
        ("/logs/shop/web", NDJSON),
        ("/logs?pod=web&namespace=shop", NDJSON),
        ("/logs?pod=web&namespace=shop", "text/plain"),
    ] {
        let request = admin.gateway(Method::GET, path).header("accept", accept);
        open.push(request.send().await.unwrap());
    }
    let mut looks = Vec::new();
    let after = until("the front stands still", patience(), async || {
        // Other requests are answered meanwhile.
        assert_eq!(admin.pods().await.status, 200);
        looks.push(memory());
        let last = looks.iter().rev().take(30);
        (looks.len() >= 30 && last.min() == looks.iter().max()).then(memory)
    })
    .await;
    assert!(after < before + MOST_MEMORY, "{before} to {after} bytes");
    drop(open);
}
