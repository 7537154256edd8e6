//! Beginnings and ends of logs.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    fake_server::FakeServer,
    reading::{ClusterReading, query},
};
use crate::{Anchor, Cursor, LineFilter, LinePatterns, LocateError, LogEnd, LogQuery};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_793_527_200 + second, 5).unwrap()
}

/// An API server whose container has written the lines `0` to `count`, one a second.
async fn server(count: i64) -> FakeServer {
    let server = FakeServer::start().await;
    (0..count).for_each(|number| server.write(at(number), &number.to_string()));
    server
}

async fn read(server: &FakeServer, query: &LogQuery) -> Vec<String> {
    let mut reading = ClusterReading::open(server, query).await.unwrap();
    reading.read_all().await;
    assert_eq!(reading.end, Some(LogEnd::Complete));
    reading.lines().into_iter().map(|line| line.unwrap_or("gap").to_owned()).collect()
}

fn numbers(range: std::ops::Range<i64>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn the_last_lines_are_found_by_few_requests() {
    let server = server(50).await;
    for (tail, expected) in [(3, 47..50), (49, 1..50), (50, 0..50), (999, 0..50), (0, 50..50)] {
        let query = LogQuery { tail: Some(tail), ..query() };
        assert_eq!(read(&server, &query).await, numbers(expected), "{tail}");
    }
    let requests = server.log_requests();
    assert!(requests[0].ends_with("tailLines=4"), "{requests:?}");
    assert!(requests.len() <= 9, "{requests:?}");
}

#[tokio::test]
async fn the_last_lines_that_pass_are_looked_for_in_all_of_the_log() {
    let server = server(50).await;
    let patterns = LinePatterns::new(&["^.?5$".to_owned()], &[]).unwrap();
    let filter = LineFilter { patterns: Some(patterns.into()), ..LineFilter::default() };
    let query = LogQuery { tail: Some(2), filter, ..query() };
    assert_eq!(read(&server, &query).await, ["35", "45"]);
    assert!(!server.log_requests()[0].contains("tailLines"));
}

#[tokio::test]
async fn a_long_tail_is_received_again() {
    let server = FakeServer::start().await;
    let line = |number: i64| format!("{number} {}", "x".repeat(1000));
    (0..1000).for_each(|number| server.write(at(number), &line(number)));
    let lines = read(&server, &LogQuery { tail: Some(900), ..query() }).await;
    assert_eq!(lines, (100..1000).map(line).collect::<Vec<_>>());
}

#[tokio::test]
async fn times_are_exact_though_the_api_server_knows_seconds() {
    let server = server(10).await;
    let filter = LineFilter {
        since: Some(at(4) + TimeDelta::nanoseconds(1)),
        until: Some(at(8)),
        ..LineFilter::default()
    };
    assert_eq!(read(&server, &LogQuery { filter, ..query() }).await, numbers(5..8));
}

#[tokio::test]
async fn lines_on_both_sides_of_a_cursor() {
    let server = server(20).await;
    let mut reading = ClusterReading::open(&server, &query()).await.unwrap();
    reading.read_all().await;
    let cursor = |number: usize| -> Cursor {
        let line = reading.records.iter().filter(|record| record.get("message").is_some());
        Cursor::decode(line.clone().nth(number).unwrap()["cursor"].as_str().unwrap()).unwrap()
    };
    for (anchor, tail, expected) in [
        (Anchor::After(cursor(12)), None, 13..20),
        (Anchor::Before(cursor(12)), None, 0..12),
        (Anchor::Before(cursor(12)), Some(5), 7..12),
        (Anchor::UpTo(cursor(12)), Some(5), 8..13),
        (Anchor::Before(cursor(0)), Some(5), 0..0),
    ] {
        let query = LogQuery { anchor: Some(anchor.clone()), tail, ..query() };
        assert_eq!(read(&server, &query).await, numbers(expected), "{anchor:?}");
    }
    server.rotate(4);
    let before = LogQuery { anchor: Some(Anchor::Before(cursor(12))), ..query() };
    let refused = ClusterReading::open(&server, &before).await.err();
    assert!(matches!(refused, Some(LocateError::CursorExpired)), "{refused:?}");
    let after = LogQuery { anchor: Some(Anchor::After(cursor(12))), ..query() };
    assert_eq!(read(&server, &after).await, ["gap", "16", "17", "18", "19"]);
}

#[tokio::test]
async fn a_previous_run_is_read_by_its_number_or_as_such() {
    let server = server(3).await;
    server.restart();
    server.write(at(10), "again");
    assert_eq!(read(&server, &LogQuery { previous: true, ..query() }).await, numbers(0..3));
    assert_eq!(read(&server, &LogQuery { run: Some(0), ..query() }).await, numbers(0..3));
    assert_eq!(read(&server, &query()).await, ["again"]);
    let refused = ClusterReading::open(&server, &LogQuery { run: Some(7), ..query() }).await.err();
    assert!(matches!(refused, Some(LocateError::NoRun)), "{refused:?}");
}

#[tokio::test]
async fn failures_of_the_api_server_are_told_from_facts() {
    let server = server(3).await;
    for (status, is_expected) in [
        (404, (|error| matches!(error, LocateError::NoPod)) as fn(&LocateError) -> bool),
        (403, |error| matches!(error, LocateError::Forbidden(_))),
        (401, |error| matches!(error, LocateError::ServerUnavailable(_))),
        (429, |error| matches!(error, LocateError::ServerUnavailable(_))),
        (500, |error| matches!(error, LocateError::ServerUnavailable(_))),
    ] {
        server.fail_with(Some(status));
        let error = ClusterReading::open(&server, &query()).await.err().unwrap();
        assert!(is_expected(&error), "{status}: {error}");
    }
}

#[tokio::test]
async fn what_is_no_line_ends_the_log() {
    let server = server(1).await;
    // The container cannot write this: its lines have times.
    server.write(at(1), "\nunable to retrieve container logs for containerd://0");
    let mut reading = ClusterReading::open(&server, &query()).await.unwrap();
    reading.read_all().await;
    assert_eq!(reading.lines(), [Some("0"), Some("")]);
    assert_eq!(reading.end, Some(LogEnd::Source));
}
