//! `volume`: how many lines there are in each interval.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ask, Pair, cri_at};

#[tokio::test]
async fn lines_are_counted_by_interval_and_level() {
    let pair = Pair::start();
    let lines = [
        cri_at(0, "stdout", "INFO a"),
        cri_at(59, "stdout", "ERROR b"),
        cri_at(59, "stderr", "c"),
        cri_at(180, "stdout", "WARN d"),
        cri_at(61, "stdout", "info late"),
    ];
    pair.logs.write("default", "web", lines.concat());
    let admin = pair.admin().await;
    let ask = async |query: &str, accept: &'static str| {
        let path = format!("/logs/web?{query}");
        admin.gateway(Method::GET, &path).header("accept", accept).ask().await
    };
    let answer = ask("volume=1m&sinceTime=2026-11-01T10:00:00Z", "application/x-ndjson").await;
    let mut objects: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.pop().unwrap(), json!({"end": {"reason": "complete"}}));
    objects.retain(|object| object["volume"].is_object());
    let of = |from: &str, to: &str, lines: u64, bytes: u64, levels: Value| {
        let (from, to) = (format!("2026-11-01T10:{from}:00Z"), format!("2026-11-01T10:{to}:00Z"));
        json!({"volume": {"from": from, "to": to, "lines": lines, "bytes": bytes, "levels": levels}})
    };
    let expected = [
        of("00", "01", 3, 17, json!({"info": 1, "error": 1, "none": 1})),
        of("01", "02", 1, 10, json!({"info": 1})),
        of("03", "04", 1, 7, json!({"warn": 1})),
    ];
    assert_eq!(objects, expected);

    let events = ask("volume=1h&sinceTime=2026-11-01T10:00:00Z&grep=E", "text/event-stream").await;
    let event = "event: volume\ndata: {\"from\":\"2026-11-01T10:00:00Z\",\"to\":\"2026-11-01T11:00:00Z\",\"lines\":1,\"bytes\":8,\"levels\":{\"error\":1}}\n\n";
    assert!(events.text().contains(event), "{}", events.text());

    assert_eq!(ask("volume=1m", "text/plain").await.status, 406);
    for query in ["volume=1m&follow", "volume=1m&tail=3", "volume=1m&grep=a&context=1"] {
        let refused = ask(query, "application/x-ndjson").await;
        refused.check_problem_is(422, "invalid_value");
    }
}

#[tokio::test]
async fn counts_of_many_lines_add_up() {
    let pair = Pair::start();
    let line = |number: usize| cri_at(number % 3000, "stdout", "a line");
    let content: String = (0..400_000).map(line).collect();
    pair.logs.write("default", "web", content);
    let admin = pair.admin().await;
    let path = "/logs/web?volume=1m&sinceTime=2026-11-01T10:00:00Z";
    let answer = admin.gateway(Method::GET, path).ask().await;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for line in answer.text().lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        if let Some(from) = object["volume"]["from"].as_str() {
            *counts.entry(from.to_owned()).or_default() +=
                object["volume"]["lines"].as_u64().unwrap();
        }
    }
    assert_eq!((counts.len(), counts.values().sum::<u64>()), (50, 400_000));
}
