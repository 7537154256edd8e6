//! Compressed files, also damaged ones.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{gzip, pair};
use crate::harness::{Answer, Ask, Caller, cri, cri_at};

const NDJSON: &str = "application/x-ndjson";

/// The remains of a compressed file after a full disk or a power loss, with the lines that can
/// still be read.
fn unusable() -> [(&'static str, Vec<u8>, &'static [&'static str]); 4] {
    let whole = gzip(&cri_at(2, "stdout", "compressed"));
    [
        ("empty", Vec::new(), &[]),
        ("foreign", b"no gzip at all".to_vec(), &[]),
        ("zeroed", vec![0; 4096], &[]),
        ("cut", whole[..whole.len() - 8].to_vec(), &["compressed"]),
    ]
}

#[tokio::test]
async fn an_unreadable_compressed_file_is_a_gap_and_affects_no_other_reading() {
    let pair = pair();
    let admin = pair.admin().await;
    for (pod, content, readable) in unusable() {
        let container = pair.logs.pod("default", pod).container("app");
        container.write("0.log.20261101-090000.gz", gzip(&cri_at(1, "stdout", "older")));
        container.write("0.log.20261101-100000.gz", content);
        let current = cri_at(60, "stdout", "first") + &cri_at(600, "stdout", "current");
        container.write("0.log", current);
        for (unaffected, expected) in [
            ("history=current", "first\ncurrent\n"),
            ("tail=2", "first\ncurrent\n"),
            ("sinceTime=2026-11-01T10:05:00Z", "current\n"),
        ] {
            let log = admin.logs(&format!("{pod}?{unaffected}")).await.log();
            assert_eq!(log, expected, "{pod}: {unaffected}");
        }
        for needed in ["", "?tail=9", "?history=all"] {
            let seen = readable_objects(&admin, &format!("{pod}{needed}")).await;
            let expected: Vec<&str> =
                [&["older"], readable, &["GAP", "first", "current", "complete"]].concat();
            assert_eq!(seen, expected, "{pod}: {needed}");
            let request = admin.text_request(&format!("{pod}{needed}"));
            let lines: String =
                [&["older"], readable].concat().iter().map(|line| format!("{line}\n")).collect();
            assert_eq!(until_cut_off(request).await, lines, "{pod}: {needed}");
        }
        let kubelet = format!("/api/v1/namespaces/default/pods/{pod}/log");
        assert_eq!(admin.gateway(Method::GET, &kubelet).ask().await.text(), "first\ncurrent\n");
        let rotated = admin.gateway(Method::GET, &format!("{kubelet}?history=rotated"));
        assert!(until_cut_off(rotated).await.starts_with("older\n"), "{pod}");
    }
}

/// The part of a body that arrives before it is cut off.
async fn until_cut_off(request: RequestBuilder) -> String {
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut seen = Vec::new();
    while let Some(chunk) = response.chunk().await.transpose() {
        match chunk {
            Ok(chunk) => seen.extend_from_slice(&chunk),
            Err(_) => return String::from_utf8(seen).unwrap(),
        }
    }
    panic!("the body came to a clean end");
}

#[tokio::test]
async fn bytes_behind_a_compressed_log_are_ignored() {
    let pair = pair();
    let container = pair.logs.pod("default", "web").container("app");
    let trailing = [gzip(&cri(&["compressed"])), vec![0; 512]].concat();
    container.write("0.log.20261101-100000.gz", trailing);
    container.write("0.log", cri(&["current"]));
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web").await.log(), "compressed\ncurrent\n");
}

#[tokio::test]
async fn a_reading_resumes_beside_an_unreadable_compressed_file() {
    let pair = pair();
    let admin = pair.admin().await;
    let container = pair.logs.pod("default", "web").container("app");
    container.write("0.log.20261101-100000.gz", "no gzip at all");
    container.write("0.log", cri(&["one", "two", "three"]));
    let objects = objects(&admin, "web?tail=2").await;
    let two = &objects.log_objects()[0];
    let cursor = two["cursor"].as_str().unwrap();
    assert_eq!(admin.logs(&format!("web?after={cursor}")).await.log(), "three\n");
    assert_eq!(admin.logs(&format!("web?before={cursor}&tail=1")).await.log(), "one\n");
    assert_eq!(
        readable_objects(&admin, &format!("web?before={cursor}")).await,
        ["GAP", "one", "complete"]
    );
}

async fn objects(caller: &Caller, pod_and_query: &str) -> Answer {
    let request = caller.gateway(Method::GET, &format!("/logs/{pod_and_query}"));
    request.header("accept", NDJSON).ask().await
}

/// The messages of a log, its gaps, and the reason of its end.
async fn readable_objects(caller: &Caller, pod_and_query: &str) -> Vec<String> {
    let answer = objects(caller, pod_and_query).await;
    let readable = |object: &Value| {
        let text = object["message"].as_str().or(object["end"]["reason"].as_str());
        text.map_or_else(|| "GAP".to_owned(), str::to_owned)
    };
    answer.log_objects().iter().map(readable).collect()
}
