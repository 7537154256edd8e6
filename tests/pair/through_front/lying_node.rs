//! Nodes that do not answer as a gateway does.

use std::{net::SocketAddr, time::Duration};

use reqwest::Method;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::sleep,
};

use super::{EVENTS, NDJSON, records, scene::Scene};
use crate::harness::{Ask, Caller, Setup, cri};

/// A node over plain HTTP that says that it has the pod `shop/lie`, and answers with these records.
struct LyingNode {
    address: SocketAddr,
}

impl LyingNode {
    async fn start(body: &'static [u8], content_type: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.9:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, body, content_type));
            }
        });
        Self { address }
    }
}

async fn answer(socket: TcpStream, body: &'static [u8], content_type: &str) {
    let mut socket = BufReader::new(socket);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if socket.read_line(&mut request).await.is_ok_and(|read| read == 0) {
            return;
        }
    }
    let is_list = request.starts_with("GET /pods");
    let kind = if is_list { EVENTS } else { content_type };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n");
    let _ = socket.write_all(head.as_bytes()).await;
    if !is_list {
        // What follows never ends by itself: the front leaves.
        let _ = socket.write_all(body).await;
        let filler = vec![b'x'; 64 * 1024];
        while socket.write_all(&filler).await.is_ok() {}
        return;
    }
    let pod = r#"{"event":"added","namespace":"shop","pod":"lie","uid":"u1","containers":[]}"#;
    let synced = r#"{"node":"liar","started_at":"2026-11-01T10:00:00Z"}"#;
    let events = format!("event: pod\ndata: {pod}\n\nevent: synced\ndata: {synced}\n\n");
    let _ = socket.write_all(events.as_bytes()).await;
    while socket.write_all(b"event: heartbeat\ndata: {}\n\n").await.is_ok() {
        sleep(Duration::from_millis(200)).await;
    }
}

/// An honest node with the pod `shop/web`, and a liar.
async fn beside(liar: &LyingNode) -> (Scene, Caller) {
    let cluster = Scene::start_beside(1, &[format!("http://{}", liar.address)], Setup::new()).await;
    let admin = cluster.front.admin().await;
    cluster.nodes[0].logs.write("shop", "web", cri(&["one", "two"]));
    cluster.wait_for_pod(&admin, "web").await;
    cluster.wait_for_pod(&admin, "lie").await;
    (cluster, admin)
}

const OTHER: &[u8] = b"{\"time\":\"2026-11-01T10:00:00.000000000Z\",\"stream\":\"stdout\",\
    \"namespace\":\"bank\",\"pod\":\"vault\",\"container\":\"app\",\"message\":\"secret\"}\n";

#[tokio::test]
async fn a_node_that_lies_ends_a_log_and_is_missing_in_a_merge() {
    for body in [OTHER, b"garbage\n", b"{\"begin\":7}\n", b""] {
        let liar = LyingNode::start(body, NDJSON).await;
        let (_cluster, admin) = beside(&liar).await;
        let request = admin.gateway(Method::GET, "/logs/shop/lie").header("accept", NDJSON);
        let text = request.ask().await.text().to_owned();
        assert_eq!(text, "{\"end\":{\"reason\":\"source\"}}\n");
        let merged = records(&admin, "/logs?pod=*&namespace=shop").await;
        let (end, lines) = (&merged.last().unwrap()["end"], super::messages(&merged));
        assert_eq!((lines, &end["missing"]), (vec!["one", "two"], &serde_json::json!(["liar"])));
        assert_eq!(admin.text("shop/web").await.text(), "one\ntwo\n");
    }
}

#[tokio::test]
async fn a_node_that_answers_in_another_form_is_unavailable() {
    let liar = LyingNode::start(b"<html>", "text/html").await;
    let (_cluster, admin) = beside(&liar).await;
    for accept in ["application/json", "text/plain", NDJSON, EVENTS] {
        let request = admin.gateway(Method::GET, "/logs/shop/lie").header("accept", accept);
        request.ask().await.check_problem_is(503, "source_unavailable");
    }
    let log = "/api/v1/namespaces/shop/pods/lie/log";
    let (status, body) = crate::harness::ask_kubernetes(admin.gateway(Method::GET, log)).await;
    assert_eq!((status, &body["kind"]), (503, &"Status".into()));
}
