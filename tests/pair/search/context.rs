//! `context`: lines around those that are chosen.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Ask, Pair, cri};

#[tokio::test]
async fn lines_around_a_match_come_once_each_and_are_not_counted() {
    let pair = Pair::start();
    let lines: Vec<String> =
        (0..20).map(|line| format!("{line}{}", if line % 8 == 4 { " hit" } else { "" })).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    pair.logs.write("default", "web", cri(&lines));
    let admin = pair.admin().await;
    for (query, expected) in [
        ("grep=hit&context=1", "3,4 hit,5,11,12 hit,13"),
        ("grep=hit&context=5&sinceTime=2026-11-01T10:00:10Z", "10,11,12 hit,13,14,15,16,17"),
        ("grep=hit&context=2&limitLines=1", "2,3,4 hit,5,6"),
        ("grep=hit&context=2&tail=1", "10,11,12 hit,13,14"),
        ("grep=hit&context=0", "4 hit,12 hit"),
        ("context=3&tail=1", "19"),
    ] {
        let answer = admin.text(&format!("web?{query}")).await;
        assert_eq!(answer.text().trim_end().replace('\n', ","), expected, "{query}");
    }
    for query in ["grep=hit&context=51", "grep=hit&context=1&follow"] {
        admin.logs(&format!("web?{query}")).await.check_problem_is(422, "invalid_value");
    }
    let request = admin.gateway(Method::GET, "/logs/web?grep=hit&context=1&limitLines=1");
    let answer = request.header("accept", "application/x-ndjson").ask().await;
    let objects: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let objects: Vec<_> = objects.iter().filter(|object| object["message"].is_string()).collect();
    let marks: Vec<_> = objects.iter().map(|object| object["context"] == true).collect();
    assert_eq!(marks, [true, false, true]);
    let cursor = objects[0]["cursor"].as_str().unwrap();
    let rest = admin.text(&format!("web?after={cursor}&limitLines=1")).await;
    assert_eq!(rest.text(), "4 hit\n");
}
