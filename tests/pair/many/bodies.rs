//! How the lines of many logs are written.

use std::fs;

use serde_json::json;

use super::{EVENTS, ManyStream, NDJSON, ask, records, request};
use crate::harness::{Ask, Pair, Setup, cri_at, scratch};

/// Two pods with two lines each.
fn two_pods(pair: &Pair) {
    for (pod, seconds) in [("a", [1, 3]), ("b", [2, 4])] {
        let lines = seconds.map(|second| cri_at(second, "stdout", &format!("{pod}{second}")));
        pair.logs.write("shop", pod, lines.concat());
    }
}

const ALL: &str = "pod=*&namespace=shop";

#[tokio::test]
async fn text_begins_with_its_log_which_counts_in_a_limit() {
    let pair = Pair::start();
    two_pods(&pair);
    let admin = pair.admin().await;
    let text = async |query: &str| {
        let answer = ask(&admin, &format!("{ALL}{query}"), "text/plain").await;
        answer.text().to_owned()
    };
    assert_eq!(text("").await, "shop/a/app a1\nshop/b/app b2\nshop/a/app a3\nshop/b/app b4\n");
    assert_eq!(text("&prefix=false").await, "a1\nb2\na3\nb4\n");
    assert_eq!(text("&limitBytes=20").await, "shop/a/app a1\nshop/b");
    assert_eq!(text("&limitBytes=4&prefix=false").await, "a1\nb");
    let stamped = text("&timestamps=true&limitLines=1").await;
    assert_eq!(stamped, "shop/a/app 2026-11-01T10:00:01.000000000Z a1\n");
}

#[tokio::test]
async fn json_names_the_globs() {
    let pair = Pair::start();
    two_pods(&pair);
    let admin = pair.admin().await;
    let answer = ask(&admin, "pod=a,b&namespace=sh*&prefix=false", "application/json").await.json();
    let expected = json!({
        "status": "success",
        "message": answer["message"],
        "namespace": "sh*",
        "pod_name": "a,b",
        "container": "*",
        "logs": "a1\nb2\na3\nb4\n",
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn objects_begin_with_a_checkpoint_and_end_with_one() {
    let pair = Pair::start();
    two_pods(&pair);
    let admin = pair.admin().await;
    let records = records(&admin, ALL).await;
    let kinds: Vec<String> = records
        .iter()
        .map(|record| match (record["message"].as_str(), record["pod"]["event"].as_str()) {
            (Some(message), _) => message.to_owned(),
            (_, Some(event)) => format!("{event} {}", record["pod"]["pod"].as_str().unwrap()),
            _ => record.as_object().unwrap().keys().next().unwrap().clone(),
        })
        .collect();
    let expected = ["cursor", "opened a", "opened b", "a1", "b2", "a3", "b4", "cursor", "end"];
    assert_eq!(kinds, expected);
    // A line's cursor is one of its own log.
    let line = records.iter().find(|record| record["message"] == "a1").unwrap();
    let after = format!("shop/a?after={}", line["cursor"].as_str().unwrap());
    assert_eq!(admin.text(&after).await.text(), "a3\n");
}

#[tokio::test]
async fn an_event_holds_the_lines_of_a_flush_and_one_id() {
    let pair = Pair::start();
    two_pods(&pair);
    let admin = pair.admin().await;
    let answer = ask(&admin, ALL, EVENTS).await;
    let events: Vec<&str> = answer.text().trim_end().split("\n\n").collect();
    let [begin, opened_a, opened_b, lines, end] = events[..] else { panic!("{events:?}") };
    assert!(begin.starts_with("id: ") && !begin.contains('\n'), "{begin}");
    assert!(opened_a.starts_with("event: pod\n") && opened_b.starts_with("event: pod\n"));
    assert_eq!(end, "event: end\ndata: {\"reason\":\"complete\"}");
    let mut lines = lines.lines().rev();
    let id = lines.next().unwrap().strip_prefix("id: ").unwrap();
    assert_eq!(lines.filter(|line| line.starts_with("data: {\"time\":")).count(), 4);
    let rest = request(&admin, ALL, EVENTS).header("last-event-id", id).ask().await;
    assert!(!rest.text().contains("\"message\""), "{rest:?}");
}

#[tokio::test]
async fn a_read_of_many_logs_is_one_record_with_the_number_of_pods() {
    let directory = scratch();
    let file = directory.path().join("audit");
    let mut pair = Setup::new().gateway("GATEWAY_AUDIT_FILE", file.to_str().unwrap()).start();
    two_pods(&pair);
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    records(&alice, &format!("{ALL}&limitLines=3&prefix=false")).await;
    ask(&alice, "pod=x*&namespace=bank", NDJSON).await.check_problem_is(403, "permission_denied");
    pair.gateway.stop();
    let text = fs::read_to_string(file).unwrap();
    let [read, denied] = &text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
    let read: serde_json::Value = serde_json::from_str(read).unwrap();
    for (member, expected) in [
        ("audit", json!("read")),
        ("namespace", json!("shop")),
        ("pod", json!("*")),
        ("pods", json!(2)),
        ("container", json!("*")),
        ("options", json!({"limitLines": "3", "prefix": "false"})),
        ("lines", json!(3)),
        ("end", json!("limit")),
    ] {
        assert_eq!(read[member], expected, "{read}");
    }
    assert!(read.get("uid").is_none(), "{read}");
    let denied: serde_json::Value = serde_json::from_str(denied).unwrap();
    let named = [&denied["audit"], &denied["namespace"], &denied["pod"]];
    assert_eq!(named, [&json!("read_denied"), &json!("bank"), &json!("x*")]);
}

#[tokio::test]
async fn a_client_that_reads_nothing_costs_little_memory() {
    /// More than fits between the gateway and a client that does not read.
    const LARGE: u64 = 48 * 1024 * 1024;
    let pair = Pair::start();
    for pod in ["a", "b", "c"] {
        pair.logs.pod("shop", pod).container("app").write_large(LARGE);
    }
    let admin = pair.admin().await;
    let before = pair.gateway.process().peak_memory();
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(ManyStream::of(&admin, &format!("{ALL}&follow=true"), NDJSON).await);
    }
    for stream in &mut streams {
        assert!(stream.checkpoint().await.len() <= 4096);
    }
    let taken = pair.gateway.process().peak_memory().saturating_sub(before);
    assert!(taken < LARGE, "{taken} bytes for streams whose clients read nothing");
}
