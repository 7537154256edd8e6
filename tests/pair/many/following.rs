//! Many logs that are followed.

use std::fs;

use serde_json::{Value, json};

use super::{EVENTS, ManyStream, NDJSON};
use crate::harness::{ActiveAnswer, FakeAuthority, Pair, Setup, WELL_FORMED_TOKEN, cri, cri_at};

const ALL: &str = "pod=*&namespace=shop&follow=true";

fn append(pair: &Pair, pod: &str, second: usize, line: &str) {
    pair.logs.pod("shop", pod).container("app").append("0.log", cri_at(second, "stdout", line));
}

fn named(line: &Value) -> [&str; 2] {
    [&line["pod"], &line["message"]].map(|value| value.as_str().unwrap())
}

#[tokio::test]
async fn pods_containers_and_runs_join_a_follow() {
    let pair = Pair::start();
    pair.logs.write("shop", "web", cri(&["web starts"]));
    let admin = pair.admin().await;
    let mut stream = ManyStream::of(&admin, ALL, NDJSON).await;
    assert_eq!(named(&stream.line().await), ["web", "web starts"]);
    stream.record(|record| record["live"] == true).await;

    append(&pair, "db", 1, "db starts");
    assert_eq!(stream.pod_event("joined").await["pod"], "db");
    assert_eq!(named(&stream.line().await), ["db", "db starts"]);
    let debug = pair.logs.pod("shop", "web").container("debug");
    debug.write("0.log", cri_at(2, "stdout", "debug starts"));
    assert_eq!(stream.pod_event("joined").await["container"], "debug");
    assert_eq!(stream.line().await["container"], "debug");
    let web = pair.logs.pod("shop", "web").container("app");
    web.write("1.log", cri_at(3, "stdout", "web again"));
    assert_eq!(stream.pod_event("restarted").await["restart"], 1);
    assert_eq!(named(&stream.line().await), ["web", "web again"]);

    fs::remove_dir_all(pair.logs.pod("shop", "db").path()).unwrap();
    assert_eq!(stream.pod_event("gone").await["pod"], "db");
    // Another incarnation of the pod.
    let again = pair.logs.incarnation("shop", "db", "2").container("app");
    again.write("0.log", cri_at(4, "stdout", "db again"));
    assert_eq!(stream.pod_event("joined").await["uid"], "2");
    assert_eq!(named(&stream.line().await), ["db", "db again"]);
}

#[tokio::test]
async fn an_empty_follow_waits_for_the_first_pod() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let mut stream = ManyStream::of(&admin, ALL, NDJSON).await;
    let begin = stream.checkpoint().await;
    stream.record(|record| record["live"] == true).await;
    append(&pair, "web", 1, "first");
    assert_eq!(named(&stream.line().await), ["web", "first"]);
    let mut resumed = ManyStream::of(&admin, &format!("{ALL}&after={begin}"), NDJSON).await;
    assert_eq!(named(&resumed.line().await), ["web", "first"]);
}

#[tokio::test]
async fn a_follow_goes_on_at_any_checkpoint() {
    let pair = Pair::start();
    for pod in ["a", "b"] {
        append(&pair, pod, 1, "begin");
    }
    let admin = pair.admin().await;
    let mut stream = ManyStream::of(&admin, ALL, NDJSON).await;
    let mut checkpoints = vec![(0, stream.checkpoint().await)];
    let mut lines = vec![stream.line().await, stream.line().await];
    checkpoints.push((2, stream.checkpoint().await));
    for (second, pod) in [(2, "b"), (3, "a"), (4, "a"), (5, "b")] {
        append(&pair, pod, second, &second.to_string());
        lines.push(stream.line().await);
        checkpoints.push((lines.len(), stream.checkpoint().await));
    }
    for (read, cursor) in checkpoints {
        let mut resumed = ManyStream::of(&admin, &format!("{ALL}&after={cursor}"), NDJSON).await;
        for line in &lines[read..] {
            assert_eq!(named(&resumed.line().await), named(line), "{read}");
        }
        append(&pair, "a", 9, "next");
        let next = stream.line().await;
        assert_eq!(named(&resumed.line().await), named(&next));
        lines.push(next);
    }
}

#[tokio::test]
async fn events_of_a_follow_are_resumed_by_their_id() {
    let pair = Pair::start();
    append(&pair, "a", 1, "one");
    append(&pair, "b", 2, "two");
    let admin = pair.admin().await;
    let mut stream = ManyStream::of(&admin, ALL, EVENTS).await;
    let lines = loop {
        let event = stream.next().await;
        if event.starts_with("data: ") {
            break event;
        }
    };
    assert_eq!(lines.matches("data: ").count(), 2, "{lines}");
    let (_, id) = lines.rsplit_once("\nid: ").unwrap();
    append(&pair, "a", 3, "three");
    let query = format!("{ALL}&after={id}");
    let mut resumed = ManyStream::of(&admin, &query, EVENTS).await;
    let next = loop {
        let event = resumed.next().await;
        if event.starts_with("data: ") {
            break event;
        }
    };
    assert!(next.contains("\"three\"") && !next.contains("\"two\""), "{next}");
}

#[tokio::test]
async fn one_log_too_many_is_skipped_and_stays_out() {
    let pair = Setup::new().gateway("GATEWAY_MAX_PODS_PER_STREAM", "1").start();
    append(&pair, "a", 1, "one");
    let admin = pair.admin().await;
    let mut stream = ManyStream::of(&admin, ALL, NDJSON).await;
    stream.line().await;
    append(&pair, "b", 2, "skipped");
    assert_eq!(stream.pod_event("skipped").await["pod"], "b");
    append(&pair, "a", 3, "two");
    assert_eq!(named(&stream.line().await), ["a", "two"]);
    let cursor = stream.checkpoint().await;
    fs::remove_dir_all(pair.logs.pod("shop", "a").path()).unwrap();
    assert_eq!(stream.pod_event("gone").await["pod"], "a");
    append(&pair, "c", 4, "there is room");
    assert_eq!(named(&stream.line().await), ["c", "there is room"]);
    let mut resumed = ManyStream::of(&admin, &format!("{ALL}&after={cursor}"), NDJSON).await;
    resumed.record(|record| record.get("gap").is_some()).await;
    append(&pair, "b", 5, "still skipped");
    append(&pair, "c", 6, "last");
    assert_eq!(named(&stream.line().await), ["c", "last"]);
}

#[tokio::test]
async fn a_permission_that_is_withdrawn_and_given_again_takes_effect_in_a_follow() {
    let permitted = |permissions: &[&str]| {
        ActiveAnswer::of(permissions[0]).with("permissions", json!(permissions)).reply()
    };
    let both = ["logs:read:shop/a", "logs:read:shop/b"];
    let authority = FakeAuthority::start(permitted(&both)).await;
    let setup = Setup::new().gateway("GATEWAY_SSO_URL", &authority.url());
    let pair = setup.gateway("GATEWAY_REVALIDATE", "100ms").start();
    append(&pair, "a", 1, "a1");
    append(&pair, "b", 2, "b1");
    let caller = pair.anonymous().with_token(WELL_FORMED_TOKEN);
    let mut stream = ManyStream::of(&caller, ALL, NDJSON).await;
    stream.line().await;
    stream.line().await;
    authority.answer(permitted(&both[..1]));
    assert_eq!(stream.pod_event("forbidden").await["pod"], "b");
    append(&pair, "b", 3, "not for alice");
    append(&pair, "a", 4, "a2");
    assert_eq!(named(&stream.line().await), ["a", "a2"]);
    authority.answer(permitted(&both));
    assert_eq!(stream.pod_event("joined").await["pod"], "b");
    append(&pair, "b", 5, "b2");
    assert_eq!(named(&stream.line().await), ["b", "b2"]);
    authority.answer(permitted(&["logs:read:bank/*"]));
    let end = stream.record(|record| record.get("end").is_some()).await;
    assert_eq!(end["end"]["reason"], "forbidden");
}

#[tokio::test]
async fn a_follow_until_a_past_time_ends_there_and_goes_on_later() {
    let pair = Pair::start();
    append(&pair, "a", 1, "a1");
    append(&pair, "b", 2, "b2");
    append(&pair, "a", 3, "a3");
    let admin = pair.admin().await;
    let until = format!("{ALL}&untilTime=2026-11-01T10:00:02Z");
    let answer = super::ask(&admin, &until, NDJSON).await;
    let records = answer.log_records();
    assert_eq!(super::messages(&records), ["a1"]);
    assert_eq!(records.last().unwrap(), &json!({"end": {"reason": "complete"}}));
    let after = super::checkpoint(&records);
    let rest = super::records(&admin, &format!("pod=*&namespace=shop&after={after}")).await;
    assert_eq!(super::messages(&rest), ["b2", "a3"]);
}
