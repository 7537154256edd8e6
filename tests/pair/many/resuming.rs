//! Streams of many logs that go on where an earlier one stopped.

use std::fs;

use super::{NDJSON, ask, checkpoint, messages, records};
use crate::harness::{Caller, Pair, cri_at};

const ALL: &str = "pod=*&namespace=shop";

fn log(pair: &Pair, pod: &str, seconds: &[usize]) {
    let lines = seconds.iter().map(|second| cri_at(*second, "stdout", &format!("{pod}{second}")));
    let lines: String = lines.collect();
    pair.logs.pod("shop", pod).container("app").append("0.log", lines);
}

/// All lines, so many a page.
async fn pages(caller: &Caller, lines: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut after = String::new();
    loop {
        let page = records(caller, &format!("{ALL}&limitLines={lines}{after}")).await;
        if messages(&page).is_empty() {
            return all;
        }
        all.extend(messages(&page).into_iter().map(str::to_owned));
        after = format!("&after={}", checkpoint(&page));
    }
}

#[tokio::test]
async fn pages_of_many_logs_hold_each_line_once() {
    let pair = Pair::start();
    log(&pair, "a", &[1, 4, 5, 9]);
    log(&pair, "b", &[2, 3, 8]);
    log(&pair, "c", &[6, 7]);
    let admin = pair.admin().await;
    let expected = ["a1", "b2", "b3", "a4", "a5", "c6", "c7", "b8", "a9"];
    for lines in [1, 2, 5, 20] {
        assert_eq!(pages(&admin, lines).await, expected, "{lines}");
    }
}

#[tokio::test]
async fn a_tail_goes_on_behind_its_end_and_ignores_what_chose_its_beginning() {
    let pair = Pair::start();
    log(&pair, "a", &[1, 3]);
    log(&pair, "b", &[2, 4]);
    let admin = pair.admin().await;
    let tail = records(&admin, &format!("{ALL}&tail=1")).await;
    assert_eq!(messages(&tail), ["b4"]);
    // The first checkpoint is before the tail's first line.
    let first = tail[0]["cursor"].as_str().unwrap();
    let again = records(&admin, &format!("{ALL}&after={first}&tail=0&since=1s")).await;
    assert_eq!(messages(&again), ["b4"]);
    log(&pair, "a", &[5]);
    let last = checkpoint(&tail);
    let rest = records(&admin, &format!("{ALL}&after={last}&sinceTime=2999-01-01T00:00:00Z")).await;
    assert_eq!(messages(&rest), ["a5"]);
}

#[tokio::test]
async fn a_cursor_goes_on_across_rotation_restart_and_new_pods() {
    let pair = Pair::start();
    log(&pair, "a", &[1, 3]);
    log(&pair, "b", &[2]);
    let admin = pair.admin().await;
    let after = checkpoint(&records(&admin, &format!("{ALL}&limitLines=2")).await);
    let directory = pair.logs.pod("shop", "a").container("app");
    let current = directory.path().join("0.log");
    fs::rename(&current, directory.path().join("0.log.20261101-100004")).unwrap();
    log(&pair, "a", &[5]);
    directory.write("1.log", cri_at(6, "stdout", "a6"));
    log(&pair, "new", &[4]);
    let rest = records(&admin, &format!("{ALL}&after={after}")).await;
    assert_eq!(messages(&rest), ["a3", "new4", "a5", "a6"]);
}

#[tokio::test]
async fn a_log_that_is_gone_is_one_gap() {
    let pair = Pair::start();
    log(&pair, "a", &[1]);
    log(&pair, "b", &[2]);
    let admin = pair.admin().await;
    let read = records(&admin, ALL).await;
    fs::remove_dir_all(pair.logs.pod("shop", "b").path()).unwrap();
    log(&pair, "a", &[3]);
    let rest = records(&admin, &format!("{ALL}&after={}", checkpoint(&read))).await;
    let gaps: Vec<_> = rest.iter().filter_map(|record| record.get("gap")).collect();
    assert_eq!(gaps.len(), 1, "{rest:?}");
    assert_eq!(gaps[0]["from"], "2026-11-01T10:00:02.000000000Z");
    assert!(gaps[0]["pod"].is_null() && gaps[0]["bytes"].is_null(), "{rest:?}");
    assert_eq!(messages(&rest), ["a3"]);
}

#[tokio::test]
async fn a_cursor_of_other_globs_is_refused() {
    let pair = Pair::start();
    log(&pair, "a", &[1]);
    let admin = pair.admin().await;
    let after = checkpoint(&records(&admin, ALL).await);
    for other in
        ["pod=a*&namespace=shop", "pod=*&namespace=*", "pod=*&namespace=shop&container=app"]
    {
        let refused = ask(&admin, &format!("{other}&after={after}"), NDJSON).await;
        refused.check_problem_is(400, "bad_cursor");
    }
    let of_one = admin.logs(&format!("shop/a?after={after}")).await;
    of_one.check_problem_is(400, "bad_cursor");
}
