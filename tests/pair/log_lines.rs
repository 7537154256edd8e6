//! The log of both services: each line about a request has the labels of the request, on every
//! thread and in every task.

use std::fs::{self, File};

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{
    ADMIN, ActiveAnswer, Ask, FakeAuthority, Pair, Setup, WELL_FORMED_TOKEN, cri, dead_address,
    patience, until,
};

/// Lines about the life of a service, and not about a request.
const ABOUT_THE_SERVICE: [&str; 5] =
    ["ready", "stopping", "stopped", "created the first administrator", "created a signing key"];

/// The lines of a log, apart from audit events and those about the service.
fn lines_about_requests(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_about_request = |line: &Value| {
        let (message, target) = (line["message"].as_str(), line["target"].as_str());
        message.is_some_and(|message| !ABOUT_THE_SERVICE.contains(&message))
            && target.is_some_and(|target| !target.starts_with("actix_server"))
    };
    lines.filter(is_about_request).collect()
}

/// Each line has the labels of a request. A line with this message is about this request and route.
#[track_caller]
fn check_log(log: &str, message: &str, request_id: &str, route: &str) {
    let lines = lines_about_requests(log);
    for line in &lines {
        for label in ["request_id", "route", "method", "client"] {
            assert!(line[label].is_string(), "{label} is missing: {line}");
        }
    }
    let found = lines.iter().find(|line| {
        line["message"].as_str().is_some_and(|found| found.starts_with(message))
            && line["request_id"] == request_id
    });
    let line = found.unwrap_or_else(|| panic!("no {message:?} about {request_id}:\n{log}"));
    assert_eq!((&line["route"], &line["client"]), (&route.into(), &"127.0.0.1".into()), "{line}");
}

fn with_id(request: RequestBuilder, id: &str) -> RequestBuilder {
    request.header("x-request-id", id)
}

#[tokio::test]
async fn every_answer_is_logged_with_its_request_and_without_a_secret() {
    let setup = Setup::new().sso("SSO_LOG_LEVEL", "debug").gateway("GATEWAY_LOG_LEVEL", "debug");
    let mut pair = setup.start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    let read = with_id(admin.text_request("web?sinceSeconds=3600"), "r-read");
    assert_eq!(read.ask().await.status, 200);
    let user = with_id(admin.sso(Method::GET, "/auth/user"), "r-user");
    assert_eq!(user.ask().await.status, 200);
    let gateway = pair.gateway.stop_and_read_log();
    let gateway = gateway.lines().filter(|line| !line.starts_with("{\"audit\":"));
    let gateway = gateway.collect::<Vec<_>>().join("\n");
    check_log(&gateway, "answered", "r-read", "/logs/{pod}");
    assert!(gateway.contains(r#""user":"root""#) && !gateway.contains("sinceSeconds"), "{gateway}");
    let sso = pair.sso.stop_and_read_log();
    check_log(&sso, "answered", "r-user", "/auth/user");
    check_log(&sso, "answered", "r-read", "/auth/validate");
}

#[tokio::test]
async fn a_faulty_file_found_by_a_scan_is_logged_with_the_request() {
    let mut pair = Pair::start();
    let container = pair.logs.pod("default", "web").container("app");
    container.link("0.log", "/etc/hostname");
    let admin = pair.admin().await;
    let read = with_id(admin.text_request("web"), "r-link");
    assert_eq!(read.ask().await.status, 404);
    check_log(&pair.gateway.stop_and_read_log(), "not a log file", "r-link", "/logs/{pod}");
}

/// The scan waits for its turns beside a search that takes them all.
#[tokio::test]
async fn a_file_that_a_slow_scan_finds_wanting_is_logged_with_the_request() {
    let mut pair = Setup::new().gateway("GATEWAY_MAX_SCANS", "1").start();
    let huge = pair.logs.pod("default", "huge").container("app");
    huge.write("0.log", "");
    // No line of it ends, and none of it is stored.
    let content = File::options().write(true).open(huge.path().join("0.log")).unwrap();
    content.set_len(16 << 30).unwrap();
    let pod = pair.logs.pod("default", "web");
    pod.container("app").write("0.log", cri(&["hello"]));
    let admin = pair.admin().await;
    let search = tokio::spawn(with_id(admin.text_request("huge?tail=1"), "r-search").send());
    until("the search reads", patience(), async || {
        (!pair.gateway.process().open_logs().is_empty()).then_some(())
    })
    .await;
    let request = with_id(admin.text_request("web?follow=true&container=*"), "r-scan");
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "hello\n");
    pod.container("late").link("0.log", "/etc/hostname");
    pod.container("later").write("0.log", cri(&["bye"]));
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "bye\n");
    search.abort();
    drop(stream);
    check_log(&pair.gateway.stop_and_read_log(), "not a log file", "r-scan", "/logs/{pod}");
}

#[tokio::test]
async fn a_password_that_cannot_be_compared_is_logged_with_the_request() {
    let mut pair = Pair::start();
    pair.sso.stop();
    let path = pair.beside_logs("sso.db");
    let database = damage_hashes(fs::read(&path).unwrap());
    fs::write(&path, database).unwrap();
    pair.start_sso_again();
    let login = with_id(pair.anonymous().sso(Method::POST, "/auth/login"), "r-hash");
    let answer = login.json(&json!({"username": ADMIN.0, "password": ADMIN.1})).ask().await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (500, Some("internal_error")));
    let log = pair.sso.stop_and_read_log();
    check_log(&log, "request failed", "r-hash", "/auth/login");
    assert!(log.contains("the stored password hash"), "{log}");
}

/// Gives every password hash in a database an algorithm that is not known.
fn damage_hashes(mut database: Vec<u8>) -> Vec<u8> {
    const ALGORITHM: &[u8] = b"$argon2id$";
    let hashes: Vec<_> =
        (0..database.len()).filter(|place| database[*place..].starts_with(ALGORITHM)).collect();
    assert!(!hashes.is_empty(), "no password hash in the database");
    for place in hashes {
        database[place..place + ALGORITHM.len()].copy_from_slice(b"$argonxxx$");
    }
    database
}

#[tokio::test]
async fn requests_that_share_a_call_to_the_authority_are_each_logged() {
    let authority = FakeAuthority::start(ActiveAnswer::of("logs:read").reply()).await;
    let urls = format!("http://{},{}", dead_address(), authority.url());
    let setup = Setup::new().gateway("GATEWAY_SSO_URL", &urls);
    let mut pair =
        setup.gateway("GATEWAY_LOG_LEVEL", "debug").gateway("GATEWAY_WORKERS", "1").start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let caller = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    let requests =
        (0..8).map(|number| with_id(caller.text_request("web"), &format!("r-{number}")).ask());
    let answers = join_all(requests).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let log = pair.gateway.stop_and_read_log();
    let lines = lines_about_requests(&log);
    let turned =
        lines.iter().find(|line| line["message"] == "an instance of the authority is unavailable");
    let asked_as = turned.unwrap_or_else(|| panic!("{log}"))["request_id"].as_str().unwrap();
    check_log(&log, "an instance of the authority is unavailable", asked_as, "/logs/{pod}");
    for number in 0..8 {
        check_log(&log, "answered", &format!("r-{number}"), "/logs/{pod}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_with_its_token_leaves_no_line_without_a_request() {
    let mut pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    let mut stream = admin.text_request("web?follow=true").send().await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "hello\n");
    assert_eq!(admin.log_out().await.status, 204);
    stream.chunk().await.unwrap_err();
    let log = pair.gateway.stop_and_read_log();
    assert!(lines_about_requests(&log).iter().all(|line| line["request_id"].is_string()), "{log}");
}
