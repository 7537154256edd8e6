//! The logs of many pods from an API server.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::many_reading::{ManyReading, ManyScene, all, follow, only, query};
use crate::{LineFilter, LinePatterns, LogEnd, LogQuery, SelectError, VolumeInterval};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_793_527_200 + second, 5).unwrap()
}

/// Two pods whose lines alternate: a0, b1, a2, b3, …
async fn two_pods(lines: i64) -> ManyScene {
    let scene = ManyScene::with(&["a", "b"]).await;
    write(&scene, 0..lines);
    scene
}

fn write(scene: &ManyScene, seconds: std::ops::Range<i64>) {
    for second in seconds {
        let pod = if second % 2 == 0 { "a" } else { "b" };
        scene.server.write_to(pod, at(second), &format!("{pod}{second}"));
    }
}

async fn read(scene: &ManyScene, query: &LogQuery, after: Option<&str>) -> ManyReading {
    let mut reading = scene.read(query, after).await;
    reading.read_all().await;
    reading
}

#[tokio::test]
async fn lines_of_many_pods_come_in_the_order_of_their_times() {
    let scene = two_pods(5).await;
    let odd = LinePatterns::new(&["[13]$".to_owned()], &[]).unwrap();
    let grep = LineFilter { patterns: Some(odd.into()), ..LineFilter::default() };
    let since = LineFilter { since: Some(at(3)), ..LineFilter::default() };
    let until = LineFilter { until: Some(at(2)), ..LineFilter::default() };
    for (query, expected) in [
        (query(), &["a0", "b1", "a2", "b3", "a4"][..]),
        (LogQuery { tail: Some(2), ..query() }, &["b3", "a4"]),
        (LogQuery { tail: Some(0), ..query() }, &[]),
        (LogQuery { filter: grep.clone(), ..query() }, &["b1", "b3"]),
        (LogQuery { filter: grep, tail: Some(1), ..query() }, &["b3"]),
        (LogQuery { filter: since, ..query() }, &["b3", "a4"]),
        (LogQuery { filter: until, ..query() }, &["a0", "b1"]),
        (LogQuery { previous: true, ..query() }, &[]),
        (LogQuery { run: Some(0), tail: Some(1), ..query() }, &["a4"]),
    ] {
        let reading = read(&scene, &query, None).await;
        assert_eq!(reading.lines(), expected, "{query:?}");
        assert_eq!(reading.end, Some(LogEnd::Complete));
    }
    let volume = VolumeInterval::new(Duration::from_secs(60));
    let counted = read(&scene, &LogQuery { volume, ..query() }, None).await;
    let lines = counted.records.iter().filter_map(|record| record["volume"]["lines"].as_u64());
    assert_eq!(lines.sum::<u64>(), 5);
}

#[tokio::test]
async fn a_reading_goes_on_at_any_checkpoint() {
    let scene = two_pods(6).await;
    let page =
        LogQuery { limit: crate::OutputLimit { lines: Some(1), ..Default::default() }, ..query() };
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..9 {
        let reading = read(&scene, &page, after.as_deref()).await;
        all.extend(reading.lines().into_iter().map(str::to_owned));
        after = Some(reading.after());
    }
    assert_eq!(all, ["a0", "b1", "a2", "b3", "a4", "b5"]);
    write(&scene, 6..8);
    assert_eq!(read(&scene, &query(), after.as_deref()).await.lines(), ["a6", "b7"]);
}

#[tokio::test]
async fn pods_and_runs_join_a_follow_and_go() {
    let scene = two_pods(2).await;
    let mut reading = scene.read(&follow(), None).await;
    reading.read_lines(2).await;
    scene.server.add_pod("c", "uid-c");
    scene.server.write_to("c", at(2), "c2");
    reading.read_lines(3).await;
    assert!(reading.has_event("joined", "c"), "{:?}", reading.records);
    scene.server.restart_pod("a");
    scene.server.write_to("a", at(3), "a again");
    reading.read_lines(4).await;
    assert!(reading.has_event("restarted", "a"));
    scene.server.remove_pod("b");
    reading.read_event("gone", "b").await;
    // Another incarnation.
    scene.server.add_pod("b", "uid-of-next-b");
    scene.server.write_to("b", at(4), "b again");
    reading.read_lines(5).await;
    assert_eq!(reading.lines(), ["a0", "b1", "c2", "a again", "b again"]);
    assert_eq!(reading.gaps(), 0);
    let after = reading.after();
    scene.server.write_to("c", at(5), "c5");
    assert_eq!(read(&scene, &query(), Some(&after)).await.lines(), ["c5"]);
}

#[tokio::test]
async fn an_ended_container_is_asked_about_only_when_its_pod_changes() {
    let scene = two_pods(2).await;
    let mut reading = scene.read(&follow(), None).await;
    reading.read_lines(2).await;
    scene.server.end_pod("a");
    let count = || scene.server.requests().iter().filter(|path| path.ends_with("/pods/a")).count();
    // The end is seen, and looked for in the pod.
    let before = count();
    reading.until("a look at the pod", |_| count() > before + 1).await;
    let asked = count();
    for second in 2..12 {
        scene.server.write_to("b", at(second), &second.to_string());
        reading.read_lines(usize::try_from(second).unwrap() + 1).await;
    }
    assert!(count() <= asked + 1, "{} more", count() - asked);
    scene.server.restart_pod("a");
    scene.server.write_to("a", at(20), "again");
    reading.until("the next run", |reading| reading.lines().contains(&"again")).await;
}

#[tokio::test]
async fn a_cursor_goes_on_through_runs() {
    let scene = two_pods(3).await;
    let after = read(&scene, &query(), None).await.after();
    scene.server.write_to("a", at(3), "the end of a");
    scene.server.restart_pod("a");
    scene.server.write_to("a", at(4), "a again");
    let rest = read(&scene, &query(), Some(&after)).await;
    assert_eq!(rest.lines(), ["the end of a", "a again"]);
    assert_eq!(rest.gaps(), 0);
    // A run is gone, and another one.
    scene.server.restart_pod("a");
    scene.server.restart_pod("a");
    scene.server.write_to("a", at(6), "much later");
    let rest = read(&scene, &query(), Some(&after)).await;
    assert_eq!((rest.lines(), rest.gaps()), (vec!["much later"], 1));
    // The gap is told until a line behind it was given.
    let told_again = scene.read(&query(), Some(&after)).await;
    drop(told_again);
    let last = read(&scene, &query(), Some(&rest.after())).await;
    assert_eq!((last.lines().len(), last.gaps()), (0, 0));
}

#[tokio::test]
async fn a_pod_that_is_gone_is_one_gap_and_a_new_one_comes_from_its_first_line() {
    let scene = two_pods(4).await;
    let after = read(&scene, &query(), None).await.after();
    scene.server.remove_pod("b");
    scene.server.add_pod("c", "uid-c");
    scene.server.write_to("c", at(1), "c1");
    scene.until_told("c").await;
    let rest = read(&scene, &query(), Some(&after)).await;
    assert_eq!((rest.lines(), rest.gaps()), (vec!["c1"], 1));
    let gap = rest.records.iter().find_map(|record| record.get("gap")).unwrap();
    assert_eq!(gap["from"], "2026-11-01T10:00:03.000000005Z");
    assert_eq!(read(&scene, &query(), Some(&rest.after())).await.gaps(), 0);
}

#[tokio::test]
async fn only_what_may_be_read_is_read_and_counts() {
    let mut scene = two_pods(4).await;
    scene.max_logs = 1;
    let refused = scene.open(&query(), all(), None).await;
    assert!(matches!(refused, Err(SelectError::TooManyLogs)));
    let mut reading = scene.open(&query(), only(&["b"]), None).await.unwrap();
    reading.read_all().await;
    assert_eq!(reading.lines(), ["b1", "b3"]);
    let asked = scene.server.requests();
    assert!(asked.iter().all(|path| !path.contains("/pods/a")), "{asked:?}");
    let mut none = scene.open(&query(), only(&[]), None).await.unwrap();
    none.read_all().await;
    assert_eq!((none.lines().len(), none.end), (0, Some(LogEnd::Complete)));
}

#[tokio::test]
async fn one_log_too_many_is_skipped_in_a_follow() {
    let mut scene = two_pods(2).await;
    scene.max_logs = 2;
    let mut reading = scene.read(&follow(), None).await;
    reading.read_lines(2).await;
    scene.server.add_pod("c", "uid-c");
    reading.read_event("skipped", "c").await;
    scene.server.write_to("c", at(2), "c2");
    scene.server.write_to("a", at(3), "a3");
    reading.read_lines(3).await;
    assert_eq!(reading.lines().last(), Some(&"a3"));
    // It stays out.
    let rest = read(&scene, &query(), Some(&reading.after())).await;
    assert_eq!((rest.lines().len(), rest.gaps()), (0, 0));
}

#[tokio::test]
async fn what_may_be_read_later_is_read_from_then_on() {
    let scene = two_pods(2).await;
    let mut reading = scene.open(&follow(), only(&["a"]), None).await.unwrap();
    reading.read_lines(1).await;
    reading.restrict(&all());
    reading.read_event("joined", "b").await;
    // A cursor from before its first line holds that place.
    let silent = reading.until("a checkpoint", |reading| {
        let joined = reading.records.iter().position(|record| record["pod"]["event"] == "joined");
        reading.checkpoint().is_some_and(|(at, _)| Some(at) > joined)
    });
    silent.await;
    let after = reading.after();
    // The clock of the readers is an hour ahead of the first lines.
    let later = at(0) + TimeDelta::days(1);
    scene.server.write_to("b", later, "b later");
    reading.read_lines(2).await;
    assert_eq!(reading.lines(), ["a0", "b later"]);
    reading.restrict(&only(&["a"]));
    reading.read_event("forbidden", "b").await;
    let rest = read(&scene, &query(), Some(&after)).await;
    assert_eq!((rest.lines(), rest.gaps()), (vec!["b later"], 0));
}

#[tokio::test]
async fn labels_choose_pods_that_join() {
    let scene = two_pods(2).await;
    scene.server.label("a", "chosen", "yes");
    scene.until_told("a").await;
    let mut reading = scene.read_labelled("chosen").await;
    reading.until("a line of a", |reading| reading.lines() == ["a0"]).await;
    scene.server.label("b", "chosen", "yes");
    reading.read_lines(2).await;
    assert_eq!(reading.lines(), ["a0", "b1"]);
}

#[tokio::test]
async fn one_log_that_is_not_given_does_not_hold_up_the_others() {
    let scene = two_pods(4).await;
    scene.server.fail_logs_of("b", Some(502));
    let reading = read(&scene, &query(), None).await;
    assert_eq!((reading.lines(), reading.end), (vec!["a0", "a2"], Some(LogEnd::Source)));
    let told = reading.records.iter().find(|record| record["pod"]["event"] == "unreachable");
    assert_eq!(told.unwrap()["pod"]["status"], 502);
    // Nothing of it is lost.
    let after = reading.after();
    let mut followed = scene.read(&follow(), Some(&after)).await;
    scene.server.write_to("a", at(4), "a4");
    followed.read_lines(1).await;
    followed.read_event("unreachable", "b").await;
    let held = followed.after();
    scene.server.fail_logs_of("b", None);
    followed.read_lines(3).await;
    assert_eq!(followed.lines(), ["a4", "b1", "b3"]);
    assert_eq!((followed.gaps(), followed.end), (0, None));
    let again = read(&scene, &query(), Some(&held)).await;
    assert_eq!((again.lines(), again.gaps()), (vec!["b1", "b3"], 0));
}

#[tokio::test]
async fn an_api_server_that_gives_none_of_the_logs_is_an_error() {
    let scene = two_pods(2).await;
    for pod in ["a", "b"] {
        scene.server.fail_logs_of(pod, Some(500));
    }
    for query in [query(), follow()] {
        let refused = scene.open(&query, all(), None).await;
        assert!(matches!(refused, Err(SelectError::Locate(_))));
    }
}

#[tokio::test]
async fn an_ephemeral_container_joins_a_follow() {
    let scene = two_pods(2).await;
    let mut reading = scene.read(&follow(), None).await;
    reading.read_lines(2).await;
    scene.server.debug("a", at(2), "looks into a");
    reading.read_lines(3).await;
    assert!(reading.has_event("joined", "a"), "{:?}", reading.records);
    assert_eq!(reading.lines(), ["a0", "b1", "looks into a"]);
}

#[tokio::test]
async fn an_ephemeral_container_joins_a_follow_of_all_containers_of_its_pod() {
    let scene = two_pods(2).await;
    let mut reading = scene.follow_pod("a").await;
    reading.read_lines(1).await;
    // Other pods change as well.
    scene.server.debug("b", at(2), "looks into b");
    scene.server.debug("a", at(3), "looks into a");
    reading.read_lines(2).await;
    assert!(reading.has_event("joined", "a"), "{:?}", reading.records);
    scene.server.write_to("a", at(4), "a4");
    reading.read_lines(3).await;
    assert_eq!(reading.lines(), ["a0", "looks into a", "a4"]);
    scene.server.remove_pod("a");
    reading.read_all().await;
    assert_eq!(reading.end, Some(LogEnd::ContainerExit), "{:?}", reading.records);
}
