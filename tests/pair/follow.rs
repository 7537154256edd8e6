//! Logs that are followed: they grow, and end with the caller's right to read them.

use std::{fs, io::Write, path::Path, time::Duration};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::operations::ops;
use crate::harness::{
    Ask, Caller, Pair, Setup, ask_kubernetes, cri, is_about_reading, patience, until,
};

const NDJSON: &str = "application/x-ndjson";

/// A followed log, read line by line.
struct Following {
    response: Response,
    read: Vec<u8>,
}

impl Following {
    async fn begin(caller: &Caller, accept: &str) -> Self {
        Self::of(caller, "/logs/web?follow=true", accept).await
    }

    async fn of(caller: &Caller, path: &str, accept: &str) -> Self {
        let request = caller.gateway(Method::GET, path).header("accept", accept);
        let response = timeout(patience(), request.send()).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, read: Vec::new() }
    }

    /// The next line; `None` at a clean end.
    async fn line(&mut self) -> reqwest::Result<Option<String>> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(Some(String::from_utf8(line).unwrap().trim_end().to_owned()));
            }
            match timeout(patience(), self.response.chunk()).await.unwrap()? {
                Some(chunk) => self.read.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }

    async fn expect(&mut self, line: &str) {
        assert_eq!(self.line().await.unwrap().as_deref(), Some(line));
    }

    /// The next line, gap or end.
    async fn object(&mut self) -> Value {
        loop {
            let object = serde_json::from_str(&self.line().await.unwrap().unwrap()).unwrap();
            if !is_about_reading(&object) {
                return object;
            }
        }
    }

    /// Checks that the body ends with this reason.
    async fn check_end_is(mut self, reason: &str) {
        assert_eq!(self.object().await, json!({ "end": { "reason": reason } }));
        assert_eq!(self.line().await.unwrap(), None);
    }
}

/// Container and message of a line.
fn line_of(object: &Value) -> [&str; 2] {
    [&object["container"], &object["message"]].map(|value| value.as_str().unwrap())
}

fn append(log: &Path, content: &str) {
    let mut file = fs::File::options().append(true).create(true).open(log).unwrap();
    file.write_all(content.as_bytes()).unwrap();
}

/// A pair with a pod `default/web` that logged `one`, and two followers: as objects, and as text.
async fn followed(setup: Setup) -> (Pair, Caller, Following, Following) {
    let pair = setup.gateway("GATEWAY_REVALIDATE", "100ms").start();
    pair.logs.write("default", "web", cri(&["one"]));
    let caller = pair.user("alice", &["logs:read:default/*"]).await;
    let mut objects = Following::begin(&caller, NDJSON).await;
    assert_eq!(objects.object().await["message"], "one");
    let mut text = Following::begin(&caller, "text/plain").await;
    text.expect("one").await;
    (pair, caller, objects, text)
}

#[tokio::test]
async fn lines_are_followed_across_a_rotation() {
    let (pair, _, mut objects, mut text) = followed(Setup::new()).await;
    let container = pair.logs.pod("default", "web").container("app");
    let log = container.path().join("0.log");
    append(&log, &cri(&["two"]));
    text.expect("two").await;
    fs::rename(&log, container.path().join("0.log.20261101-100000")).unwrap();
    append(&log, &cri(&["three"]));
    text.expect("three").await;
    for line in ["two", "three"] {
        assert_eq!(objects.object().await["message"], line);
    }
}

#[tokio::test]
async fn a_log_out_ends_a_follow() {
    let (_pair, caller, objects, mut text) = followed(Setup::new()).await;
    assert_eq!(caller.log_out().await.status, 204);
    objects.check_end_is("revoked").await;
    text.line().await.unwrap_err();
}

#[tokio::test]
async fn a_follow_does_not_outlive_its_token() {
    let (_pair, _, objects, mut text) = followed(Setup::new().sso("SSO_TOKEN_TTL", "2s")).await;
    objects.check_end_is("expired").await;
    text.line().await.unwrap_err();
}

#[tokio::test]
async fn a_follow_does_not_outlive_its_authority_for_long() {
    let setup = Setup::new().gateway("GATEWAY_STALE_MAX", "500ms");
    let (mut pair, _, objects, mut text) = followed(setup).await;
    pair.sso.kill();
    objects.check_end_is("unavailable").await;
    text.line().await.unwrap_err();
}

#[tokio::test]
async fn a_brief_outage_of_the_authority_does_not_end_a_follow() {
    let setup = Setup::new().gateway("GATEWAY_SSO_TIMEOUT", "1s");
    let (pair, _, mut objects, mut text) = followed(setup).await;
    pair.sso.pause().await;
    let container = pair.logs.pod("default", "web").container("app");
    for line in ["two", "three", "four"] {
        append(&container.path().join("0.log"), &cri(&[line]));
        text.expect(line).await;
        assert_eq!(objects.object().await["message"], line);
    }
    pair.sso.resume();
}

#[tokio::test]
async fn a_briefly_missing_log_directory_does_not_end_a_follow() {
    let (pair, caller, mut objects, mut text) = followed(Setup::new()).await;
    let away = pair.beside_logs("away");
    fs::rename(pair.logs.path(), &away).unwrap();
    let reasons = until("not ready", patience(), async || {
        let (status, reasons) = ops(&pair.gateway, "/readyz").await;
        (status == 503).then_some(reasons)
    });
    assert!(reasons.await.contains("the log directory is unavailable"));
    caller.logs("web").await.check_problem_is(503, "source_unavailable");
    caller.pods().await.check_problem_is(503, "source_unavailable");
    let namespace = "/api/v1/namespaces/default/pods";
    for path in [namespace.to_owned(), format!("{namespace}/web"), format!("{namespace}/web/log")] {
        let (code, status) = ask_kubernetes(caller.gateway(Method::GET, &path)).await;
        assert_eq!((code, &status["reason"]), (503, &json!("ServiceUnavailable")), "{path}");
    }
    append(
        &away.read_dir().unwrap().next().unwrap().unwrap().path().join("app/0.log"),
        &cri(&["two"]),
    );
    fs::rename(&away, pair.logs.path()).unwrap();
    text.expect("two").await;
    assert_eq!(objects.object().await["message"], "two");
    fs::remove_dir_all(pair.logs.pod("default", "web").path()).unwrap();
    objects.check_end_is("container_exit").await;
    assert_eq!(text.line().await.unwrap(), None);
}

#[tokio::test]
async fn a_termination_ends_a_follow_promptly() {
    let (mut pair, _, objects, mut text) = followed(Setup::new()).await;
    pair.gateway.terminate();
    let read = async {
        objects.check_end_is("shutdown").await;
        text.line().await.unwrap_err();
    };
    let ((), took) = tokio::join!(read, pair.gateway.ending());
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test]
async fn a_follow_as_one_json_document_is_not_acceptable() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["one"]));
    let admin = pair.admin().await;
    let request = admin.gateway(Method::GET, "/logs/web?follow=true");
    let answer = request.header("accept", "application/json").ask().await;
    answer.check_problem_is(406, "not_acceptable");
}

#[tokio::test]
async fn simultaneous_follows_of_a_user_are_limited() {
    let setup = Setup::new().gateway("GATEWAY_MAX_STREAMS_PER_USER", "2");
    let (pair, caller, _objects, _text) = followed(setup).await;
    let answer = caller.logs("web?follow=true").await;
    assert_eq!(answer.status, 429, "{answer:?}");
    assert_eq!(pair.admin().await.logs("web").await.status, 200, "of each user");
}

#[tokio::test]
async fn a_follow_until_a_past_time_ends_there() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["one", "two", "three"]));
    let admin = pair.admin().await;
    let until = "follow=true&untilTime=2026-11-01T10:00:02Z";
    let request = admin.gateway(Method::GET, &format!("/logs/web?{until}"));
    assert_eq!(request.header("accept", "text/plain").ask().await.text(), "one\ntwo\n");
    let request = admin.gateway(Method::GET, &format!("/logs/web?{until}"));
    let objects = request.header("accept", NDJSON).ask().await;
    let end: Value = serde_json::from_str(objects.text().lines().last().unwrap()).unwrap();
    assert_eq!(end, json!({ "end": { "reason": "complete" } }));
    let kubelet = format!("/api/v1/namespaces/default/pods/web/log?{until}");
    assert_eq!(admin.gateway(Method::GET, &kubelet).ask().await.text(), "one\ntwo\n");
}

#[tokio::test]
async fn containers_and_runs_that_start_later_join_a_follow_of_all_containers() {
    const ALL: &str = "/logs/web?container=*&follow=true";
    let pair = Setup::new().start();
    let pod = pair.logs.pod("default", "web");
    pod.container("app").write("0.log", cri(&["app starts"]));
    // Its log does not exist yet.
    let slow = pod.container("slow");
    let caller = pair.user("alice", &["logs:read:default/*"]).await;
    let mut objects = Following::of(&caller, ALL, NDJSON).await;
    let first = objects.object().await;
    assert_eq!(line_of(&first), ["app", "app starts"]);

    pod.container("debug").write("0.log", cri(&["debug starts"]));
    assert_eq!(line_of(&objects.object().await), ["debug", "debug starts"]);
    pod.container("app").write("1.log", cri(&["app starts again"]));
    assert_eq!(line_of(&objects.object().await), ["app", "app starts again"]);
    slow.write("0.log", cri(&["slow starts"]));
    assert_eq!(line_of(&objects.object().await), ["slow", "slow starts"]);
    append(&pod.path().join("debug/0.log"), &cri(&["debug goes on"]));
    let last = objects.object().await;
    assert_eq!(line_of(&last), ["debug", "debug goes on"]);

    let after = format!("{ALL}&after={}", first["cursor"].as_str().unwrap());
    let mut resumed = Following::of(&caller, &after, NDJSON).await;
    let mut lines = Vec::new();
    for _ in 0..4 {
        let object = resumed.object().await;
        lines.push(line_of(&object).join(": "));
    }
    lines.sort_unstable();
    let expected = ["app: app starts again", "debug: debug goes on", "debug: debug starts"];
    assert_eq!(lines, [&expected[..], &["slow: slow starts"]].concat());

    let after = format!("{ALL}&after={}", last["cursor"].as_str().unwrap());
    let mut resumed = Following::of(&caller, &after, NDJSON).await;
    append(&pod.path().join("app/1.log"), &cri(&["new"]));
    assert_eq!(line_of(&resumed.object().await), ["app", "new"]);

    fs::remove_dir_all(pod.path()).unwrap();
    assert_eq!(line_of(&objects.object().await), ["app", "new"]);
    objects.check_end_is("container_exit").await;
}
