//! Pod logs over a WebSocket, as browsers and Headlamp read them from a Kubernetes API.

mod ends;

use std::{fs::File, io::Write, path::PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use futures_util::SinkExt;
use reqwest::{Method, header::HeaderValue};
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use super::socket::{Socket, ask, refused, request};
use crate::harness::{Caller, Pair, PrivateCa, Setup, WELL_FORMED_TOKEN, cri, cri_at};

const WEB: &str = "/api/v1/namespaces/default/pods/web/log";
const BINARY: &str = "binary.k8s.io";
const BASE64: &str = "base64.binary.k8s.io";

/// A pair with a pod `default/web`, and a user who may read its log.
async fn start(setup: Setup, log: impl AsRef<[u8]>) -> (Pair, Caller) {
    let pair = setup.gateway("GATEWAY_REVALIDATE", "100ms").start();
    pair.logs.write("default", "web", log);
    let alice = pair.user("alice", &["logs:read:default/*"]).await;
    (pair, alice)
}

fn log_file(pair: &Pair) -> PathBuf {
    pair.logs.pod("default", "web").container("app").path().join("0.log")
}

fn append(pair: &Pair, lines: &[&str]) {
    let mut file = File::options().append(true).open(log_file(pair)).unwrap();
    file.write_all(cri(lines).as_bytes()).unwrap();
}

#[tokio::test]
async fn a_log_is_sent_in_each_protocol_and_ends_cleanly() {
    let (_pair, alice) = start(Setup::new(), cri(&["one", "two"])).await;
    for (path, protocols, spoken) in [
        (WEB.to_owned(), &[][..], None),
        (format!("{WEB}/"), &[BINARY], Some(BINARY)),
        (WEB.to_owned(), &["v4.channel.k8s.io", BINARY, BASE64], Some(BINARY)),
    ] {
        let response = ask(&alice, &path, protocols).await;
        let protocol = response.headers().get("sec-websocket-protocol").cloned();
        assert_eq!(protocol.as_ref().map(|protocol| protocol.to_str().unwrap()), spoken);
        assert_eq!(Socket::of(response).await.whole().await, b"one\ntwo\n");
    }
}

#[tokio::test]
async fn base64_is_text_in_messages_of_a_bounded_length() {
    let long = "x".repeat(5000);
    let (_pair, alice) = start(Setup::new(), cri(&[&long, "two"])).await;
    let response = ask(&alice, WEB, &[BASE64]).await;
    assert_eq!(response.headers()["sec-websocket-protocol"], BASE64);
    let (messages, end) = Socket::of(response).await.rest().await;
    assert_eq!(end.unwrap().code, CloseCode::Normal);
    let decoded: Vec<Vec<u8>> = messages
        .into_iter()
        .map(|message| BASE64_STANDARD.decode(message.into_text().unwrap().as_str()).unwrap())
        .collect();
    assert!(decoded[0].is_empty() && decoded.iter().all(|bytes| bytes.len() <= 2048));
    assert_eq!(decoded.concat(), format!("{long}\ntwo\n").as_bytes());
}

#[tokio::test]
async fn the_bytes_of_the_log_are_those_over_http_whatever_they_are() {
    let mut log = b"2026-11-01T10:00:00Z stdout F \xff\xfe\x00\xc3(\n".to_vec();
    log.extend(cri(&["x"; 20_000]).into_bytes());
    let (_pair, alice) = start(Setup::new(), log).await;
    for query in ["", "?timestamps=true&tailLines=3", "?limitBytes=7", "?limitBytes=100000"] {
        let path = format!("{WEB}{query}");
        let over_http = alice.gateway(Method::GET, &path).send().await.unwrap();
        let over_http = over_http.bytes().await.unwrap();
        assert!(!over_http.is_empty());
        let socket = Socket::open(&alice, &path, &[BINARY]).await;
        assert!(socket.whole().await == over_http, "{query}");
    }
}

#[tokio::test]
async fn options_of_the_gateway_work_as_over_http() {
    let (pair, alice) = start(Setup::new(), "").await;
    let container = pair.logs.pod("default", "web").container("app");
    container.write("0.log", cri(&["zero"]));
    container.write("1.log.20261101-095900", cri(&["one"]));
    container.write("1.log", [cri_at(1, "stdout", "two"), cri_at(2, "stderr", "three")].concat());
    for (query, expected) in [
        ("", "two\nthree\n"),
        ("history=current", "two\nthree\n"),
        ("history=rotated", "one\ntwo\nthree\n"),
        ("history=all", "zero\none\ntwo\nthree\n"),
        ("stream=Stderr", "three\n"),
        ("untilTime=2026-11-01T10:00:02Z", "two\n"),
        ("untilTime=2026-11-01T10:00:02.000000001Z", "two\nthree\n"),
        ("untilTime=2026-11-01T12:00:01%2B02:00&history=all", "zero\none\n"),
        ("untilTime=2026-11-01T10:00:02Z&tailLines=1", ""),
        ("untilTime=", "two\nthree\n"),
    ] {
        let path = format!("{WEB}?{query}");
        let over_http = alice.gateway(Method::GET, &path).send().await.unwrap();
        assert_eq!(over_http.text().await.unwrap(), expected, "{query}");
        let socket = Socket::open(&alice, &path, &[BINARY]).await;
        assert_eq!(socket.whole().await, expected.as_bytes(), "{query}");
    }
    for query in ["untilTime=tomorrow", "untilTime=2026-11-01"] {
        let refusal = refused(ask(&alice, &format!("{WEB}?{query}"), &[]).await).await;
        assert_eq!((refusal.0, &refusal.2[..12]), (400, "parsing time"));
    }
}

#[tokio::test]
async fn a_log_is_sent_over_tls() {
    let (_pair, alice) = start(Setup::new().over_tls(PrivateCa::new()), cri(&["one"])).await;
    assert_eq!(Socket::open(&alice, WEB, &[BINARY]).await.whole().await, b"one\n");
}

#[tokio::test]
async fn a_browser_passes_its_token_as_a_protocol() {
    let (_pair, alice) = start(Setup::new(), cri(&["one"])).await;
    let token = &*alice.token_as_protocol();
    let nobody = alice.without_token();
    let response = ask(&nobody, WEB, &[token, BINARY]).await;
    assert_eq!(response.headers()["sec-websocket-protocol"], BINARY);
    assert_eq!(Socket::of(response).await.whole().await, b"one\n");
    // An invalid token in the header, a valid one in the protocol.
    let stranger = alice.with_token(WELL_FORMED_TOKEN);
    assert_eq!(Socket::open(&stranger, WEB, &[BASE64, token]).await.rest().await.0.len(), 1);
    // A valid token in the header: the protocol is ignored.
    let unreadable = "base64url.bearer.authorization.k8s.io.!";
    let socket = Socket::open(&alice, WEB, &[unreadable, BINARY]).await;
    assert_eq!(socket.whole().await, b"one\n");
    for protocols in [
        &[][..],
        &[token],
        &[token, token, BINARY],
        &[unreadable, BINARY],
        &[&stranger.token_as_protocol(), BINARY],
    ] {
        let refusal = refused(ask(&nobody, WEB, protocols).await).await;
        let unauthorized = || "Unauthorized".to_owned();
        assert_eq!(refusal, (401, unauthorized(), unauthorized()), "{}", protocols.len());
    }
}

#[tokio::test]
async fn a_cookie_is_not_a_credential() {
    let (_pair, alice) = start(Setup::new(), cri(&["one"])).await;
    let nobody = alice.without_token();
    let cookie = format!("session_id={}", alice.token());
    let response = request(&nobody, WEB, &[BINARY]).header("cookie", cookie).send().await.unwrap();
    assert_eq!(refused(response).await.0, 401);
}

#[tokio::test]
async fn a_request_fails_before_the_upgrade() {
    let (_pair, alice) = start(Setup::new(), cri(&["one"])).await;
    let pods = "/api/v1/namespaces/default/pods";
    for (path, protocols, code, reason) in [
        ("/api/v1/namespaces/bank/pods/web/log".to_owned(), &[][..], 403, "Forbidden"),
        (format!("{pods}/nobody/log"), &[], 404, "NotFound"),
        (format!("{pods}/web/log?container=other"), &[], 400, "BadRequest"),
        (format!("{pods}/web/log?previous=true"), &[], 400, "BadRequest"),
        (format!("{pods}/web/log?tailLines=many"), &[], 400, "BadRequest"),
        (format!("{pods}/web/log?tailLines=-1"), &[], 422, "Invalid"),
        (WEB.to_owned(), &["v4.channel.k8s.io"], 403, "Forbidden"),
    ] {
        let refusal = refused(ask(&alice, &path, protocols).await).await;
        assert_eq!((refusal.0, &*refusal.1), (code, reason), "{path}: {}", refusal.2);
    }
    let path = format!("{pods}/nobody/log");
    let response = request(&alice, &path, &[]).header("accept", "application/yaml").send().await;
    let response = response.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (404, &HeaderValue::from_static("application/yaml"))
    );
    // JSON is YAML as well.
    let status: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(status["message"], "pods \"nobody\" not found");
    for (name, value) in [("sec-websocket-version", "12"), ("sec-websocket-key", "short")] {
        let request = alice.gateway(Method::GET, WEB).header("connection", "Upgrade");
        let response = request.header("upgrade", "websocket").header(name, value).send().await;
        let response = response.unwrap();
        assert_eq!(response.headers()["sec-websocket-version"], "13");
        assert_eq!(refused(response).await.0, 400);
    }
}

#[tokio::test]
async fn messages_of_a_client_are_ignored_and_pings_answered() {
    let (pair, alice) = start(Setup::new(), cri(&["one"])).await;
    let mut socket = Socket::open(&alice, &format!("{WEB}?follow=true"), &[BINARY]).await;
    socket.expect("one\n").await;
    socket.0.send(Message::text("whatever")).await.unwrap();
    socket.0.send(Message::Ping("there?".into())).await.unwrap();
    assert_eq!(socket.message().await, Message::Pong("there?".into()));
    append(&pair, &["two"]);
    socket.expect("two\n").await;
    // The length of a message is bounded.
    socket.0.send(Message::binary(vec![0; 100_000])).await.unwrap();
    assert_eq!(socket.rest().await.1.unwrap().code, CloseCode::Size);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_waited_for_and_takes_little_memory() {
    const MIB: u64 = 1024 * 1024;
    let (pair, alice) = start(Setup::new(), "").await;
    let length = pair.logs.pod("default", "web").container("app").write_large(32 * MIB);
    let process = pair.gateway.process();
    let (memory, read) = (process.peak_memory(), process.bytes_read());
    let mut slow = Vec::new();
    for _ in 0..4 {
        slow.push(Socket::open(&alice, WEB, &[BASE64]).await);
    }
    let whole = Socket::open(&alice, WEB, &[BINARY]).await.whole().await;
    assert_eq!(whole.len() as u64, length);
    assert!(process.bytes_read() - read < 3 * 32 * MIB, "nothing was held back");
    let growth = process.peak_memory() - memory;
    assert!(growth < 32 * MIB, "{} MiB", growth / MIB);
}

#[tokio::test]
async fn the_access_record_holds_status_and_command_and_no_secret() {
    let (mut pair, alice) = start(Setup::new(), cri(&["one"])).await;
    for (command, session) in [("kubectl logs", "3f0e"), ("forged\" status=200", "a b_c")] {
        let request = request(&alice.without_token(), WEB, &[&alice.token_as_protocol(), BINARY])
            .header("kubectl-command", command)
            .header("kubectl-session", session)
            .header("user-agent", "somebody in particular");
        assert_eq!(Socket::of(request.send().await.unwrap()).await.whole().await, b"one\n");
    }
    let log = pair.gateway.stop_and_read_log();
    // Without the audit of reading, which names more.
    let log = log.lines().filter(|line| !line.starts_with("{\"audit\":"));
    let log = log.collect::<Vec<_>>().join("\n");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let records: Vec<_> = lines.filter(|line| line["status"] == 101).collect();
    assert_eq!(records.len(), 2, "{log}");
    assert_eq!(
        (&records[0]["command"], &records[0]["session"]),
        (&"kubectl logs".into(), &"3f0e".into())
    );
    assert!(records[1].get("command").is_none() && records[1].get("session").is_none());
    assert!(!log.contains("forged") && !log.contains("in particular"), "{log}");
}
