//! What a log tells beside its lines, as NDJSON and as server-sent events.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{Ask, Caller, ContainerDir, Pair, cri, patience};

/// The records of a followed log, as objects.
struct Records {
    response: Response,
    read: Vec<u8>,
}

impl Records {
    async fn of(caller: &Caller, query: &str) -> Self {
        let request = caller.gateway(Method::GET, &format!("/logs/web?follow=true&{query}"));
        let request = request.header("accept", "application/x-ndjson");
        Self { response: request.send().await.unwrap(), read: Vec::new() }
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return serde_json::from_slice(&line).unwrap();
            }
            // A quiet stream is heard of every 15 s.
            let chunk = timeout(patience() * 2, self.response.chunk()).await.unwrap().unwrap();
            self.read.extend_from_slice(&chunk.unwrap());
        }
    }

    /// Checks what comes next: a message, or the event and the run of the container.
    async fn expect(&mut self, expected: Value) {
        let record = self.next().await;
        let seen = match &record["pod"] {
            pod @ Value::Object(_) => json!([pod["event"], pod["restart"]]),
            Value::String(_) => record["message"].clone(),
            _ => record,
        };
        assert_eq!(seen, expected);
    }
}

fn container(pair: &Pair) -> ContainerDir {
    pair.logs.pod("default", "web").container("app")
}

#[tokio::test]
async fn a_follow_tells_when_it_opens_is_live_and_ends_with_its_run() {
    let pair = Pair::start();
    let container = container(&pair);
    container.write("2.log", cri(&["one"]));
    let admin = pair.admin().await;
    let mut records = Records::of(&admin, "").await;
    let opened = json!({"pod": {
        "event": "opened",
        "namespace": "default",
        "pod": "web",
        "uid": "5f0c2d1e-0000-4000-8000-000000000001",
        "container": "app",
        "restart": 2,
    }});
    assert_eq!(records.next().await, opened);
    records.expect(json!("one")).await;
    records.expect(json!({"live": true})).await;
    container.write("3.log", cri(&["two"]));
    records.expect(json!(["ended", 2])).await;
    records.expect(json!({"end": {"reason": "container_exit"}})).await;
}

#[tokio::test]
async fn a_follow_through_runs_tells_of_each() {
    let pair = Pair::start();
    let container = container(&pair);
    container.write("0.log", cri(&["zero"])).write("1.log", cri(&["one"]));
    let mut records = Records::of(&pair.admin().await, "history=all").await;
    for expected in [json!(["opened", 0]), json!("zero"), json!(["opened", 1]), json!("one")] {
        records.expect(expected).await;
    }
    records.expect(json!({"live": true})).await;
    container.write("2.log", cri(&["two"]));
    records.expect(json!(["restarted", 2])).await;
    records.expect(json!("two")).await;
    fs::remove_dir_all(pair.logs.pod("default", "web").path()).unwrap();
    records.expect(json!(["gone", 2])).await;
    records.expect(json!({"end": {"reason": "container_exit"}})).await;
}

#[tokio::test]
async fn earlier_incarnations_are_told_by_their_uid() {
    let pair = Pair::start();
    for (uid, second) in [("aaaa", 1), ("bbbb", 2)] {
        let container = pair.logs.incarnation("default", "web", uid).container("app");
        container.write("0.log", cri(&[uid]));
        let file = File::options().write(true).open(container.path().join("0.log")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(second)).unwrap();
    }
    let admin = pair.admin().await;
    let request = admin.gateway(Method::GET, "/logs/web?history=all");
    let answer = request.header("accept", "application/x-ndjson").ask().await;
    let records = answer.log_records();
    let opened: Vec<&Value> = records.iter().filter(|record| record["pod"].is_object()).collect();
    let uids: Vec<&Value> = opened.iter().map(|record| &record["pod"]["uid"]).collect();
    assert_eq!(uids, ["aaaa", "bbbb"], "{records:?}");
}

#[tokio::test]
async fn an_event_stream_without_lines_resumes_where_it_was_live() {
    let pair = Pair::start();
    let container = container(&pair);
    container.write("0.log", cri(&["one", "two"]));
    let admin = pair.admin().await;
    let request = admin.gateway(Method::GET, "/logs/web?follow=true&sinceSeconds=1");
    let mut events = request.header("accept", "text/event-stream").send().await.unwrap();
    let mut read = String::new();
    while !read.ends_with("event: live\ndata: true\n\n") {
        let chunk = timeout(patience(), events.chunk()).await.unwrap().unwrap().unwrap();
        read.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let blocks: Vec<&str> = read.trim_end().split("\n\n").collect();
    let [opened, id, _live] = blocks[..] else { panic!("{read}") };
    assert!(opened.starts_with("event: pod\ndata: {\"event\":\"opened\""), "{read}");
    drop(events);
    container.append("0.log", cri(&["three"]));
    let resumed = admin.text_request("web?sinceSeconds=1");
    let resumed = resumed.header("last-event-id", id.strip_prefix("id: ").unwrap());
    assert_eq!(resumed.ask().await.text(), "three\n");
}

#[tokio::test]
async fn a_quiet_follow_tells_how_far_it_has_come() {
    let pair = Pair::start();
    let content = cri(&["one", "two"]);
    container(&pair).write("0.log", &content);
    let admin = pair.admin().await;
    let mut records = Records::of(&admin, "tail=1").await;
    records.expect(json!(["opened", 0])).await;
    records.expect(json!("two")).await;
    records.expect(json!({"live": true})).await;
    let progress = records.next().await["progress"].clone();
    let cursor = progress["cursor"].as_str().unwrap();
    let expected = json!({
        "cursor": cursor,
        "time": "2026-11-01T10:00:01.000000000Z",
        "scanned_bytes": content.len(),
        "matched": 1,
        "behind_bytes": 0,
    });
    assert_eq!(progress, expected);
    container(&pair).append("0.log", cri(&["three"]));
    assert_eq!(admin.text(&format!("web?after={cursor}")).await.text(), "three\n");
}

#[tokio::test]
async fn a_gap_names_its_log() {
    let pair = Pair::start();
    let container = container(&pair);
    container.write("0.log.20261101-100000.gz", "no gzip at all").write("0.log", cri(&["one"]));
    let admin = pair.admin().await;
    let request = admin.gateway(Method::GET, "/logs/web");
    let answer = request.header("accept", "application/x-ndjson").ask().await;
    let gap = &answer.log_objects()[0]["gap"];
    let names = ["namespace", "pod", "container"].map(|name| gap[name].as_str().unwrap());
    assert_eq!(names, ["default", "web", "app"]);
    assert_eq!(gap["to"], "2026-11-01T10:00:00.000000000Z");
}
