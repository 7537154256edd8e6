//! What a front makes of the records of nodes, by example.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    client::{ModelClient, front},
    model_node::{ModelNode, SELECTION},
};
use crate::{
    FrontBegin, FrontReading, FrontSelection, LogEnd, LogForm, MergeClock, Progress,
    query::{LogQuery, OutputLimit},
    tests::follow_model::node::ModelClock,
};

fn two_nodes() -> (Vec<ModelNode>, ModelClock) {
    let clock = ModelClock::default();
    let mut nodes: Vec<_> =
        ["a", "b"].into_iter().map(|name| ModelNode::new(name, clock.clone())).collect();
    for node in &mut nodes {
        node.make_pod();
    }
    for line in 0..4 {
        nodes[line % 2].write(0, 0);
    }
    (nodes, clock)
}

/// All of a body that is not followed.
fn body(nodes: &mut [ModelNode], query: &LogQuery, form: LogForm) -> (String, LogEnd) {
    let clock = ModelClock::default();
    let selection = FrontSelection {
        includes: Arc::new(|_| true),
        may_read: Arc::new(|_| true),
        container: None,
        max_logs: 50,
        checksum: SELECTION,
    };
    let names = ["one", "two"].map(Arc::from);
    let clock = MergeClock::new(move || clock.now());
    let mut reading = FrontReading::new(names, selection, query, None, form, clock);
    for (node, source) in nodes.iter_mut().enumerate() {
        source.open(query, None);
        reading.opened(node);
    }
    let mut out = Vec::new();
    loop {
        for (node, source) in nodes.iter_mut().enumerate() {
            while reading.wants(node) {
                reading.push(node, source.send(100).unwrap());
            }
        }
        if let Progress::Done(end) = reading.write_chunk(&mut out) {
            return (String::from_utf8(out).unwrap(), end);
        }
    }
}

fn query() -> LogQuery {
    LogQuery { is_of_many: true, prefix: true, ..LogQuery::default() }
}

#[test]
fn text_has_the_lines_of_all_nodes_in_the_order_of_their_times() {
    let (mut nodes, _) = two_nodes();
    let text = "shop/a-0/app 1\nshop/b-0/app 1\nshop/a-0/app 2\nshop/b-0/app 2\n\
                shop/a-0/app 3\nshop/b-0/app 3\n";
    assert_eq!(body(&mut nodes, &query(), LogForm::Text), (text.to_owned(), LogEnd::Complete));
    let quoted = text.replace('\n', "\\n");
    assert_eq!(body(&mut nodes, &query(), LogForm::JsonString), (quoted, LogEnd::Complete));
}

#[test]
fn an_unfinished_line_is_of_its_own_pod() {
    let (mut nodes, _) = two_nodes();
    nodes[0].make_pod();
    nodes[0].write_unfinished(0);
    nodes[0].write(1, 0);
    let (text, end) = body(&mut nodes, &query(), LogForm::Text);
    let last = "shop/a-1/app 1\nshop/a-0/app unfinished\nshop/a-1/app 2\n";
    assert!(text.ends_with(last) && end == LogEnd::Complete, "{end:?}: {text}");
}

#[test]
fn a_tail_and_a_limit_count_over_all_nodes() {
    let (mut nodes, _) = two_nodes();
    let tail = LogQuery { tail: Some(3), prefix: false, ..query() };
    let (text, _) = body(&mut nodes, &tail, LogForm::Text);
    assert_eq!(text, "2\n3\n3\n");
    let limit = OutputLimit { bytes: None, lines: Some(3) };
    let (text, end) = body(&mut nodes, &LogQuery { limit, ..tail.clone() }, LogForm::Text);
    assert_eq!((&*text, end), ("2\n3\n3\n", LogEnd::Limit));
    let limit = OutputLimit { bytes: Some(3), lines: None };
    let (text, end) = body(&mut nodes, &LogQuery { limit, ..query() }, LogForm::Text);
    assert_eq!((&*text, end), ("sho", LogEnd::Limit));
}

#[test]
fn a_stream_begins_with_a_cursor_and_tells_the_node_of_each_pod() {
    let (mut nodes, _) = two_nodes();
    let (body, _) = body(&mut nodes, &query(), LogForm::JsonLines);
    let records: Vec<Value> =
        body.lines().map(|record| serde_json::from_str(record).unwrap()).collect();
    assert!(records[0]["cursor"].is_string(), "{}", records[0]);
    let opened: Vec<_> =
        records.iter().filter(|record| record["pod"]["event"] == "opened").collect();
    let nodes_of: Vec<_> = opened.iter().map(|record| &record["pod"]["node"]).collect();
    assert_eq!(nodes_of, ["one", "two"]);
    let line = records.iter().find(|record| record["message"] == "1").unwrap();
    assert_eq!((&line["pod"], &line["stream"]), (&json!("a-0"), &json!("stdout")));
    assert!(records.last().unwrap()["cursor"].is_string());
    for hidden in ["watermark", "begin", "masked", "unfinished"] {
        assert!(!body.contains(hidden), "{hidden} in {body}");
    }
}

#[test]
fn an_event_holds_all_lines_of_a_flush_and_one_id() {
    let (mut nodes, _) = two_nodes();
    let (body, _) = body(&mut nodes, &query(), LogForm::Events);
    let events: Vec<_> = body.split("\n\n").filter(|event| event.contains("\"message\"")).collect();
    for event in &events {
        assert_eq!(event.matches("id: ").count(), 1, "{event}");
    }
    assert_eq!(events.iter().map(|event| event.matches("data: ").count()).sum::<usize>(), 6);
}

/// A follow of two nodes, of which the second is silent.
fn with_silent_node() -> (Vec<ModelNode>, ModelClock, ModelClient) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let (mut nodes, clock) = two_nodes();
    let query = LogQuery { follow: true, ..query() };
    let mut client = ModelClient::come(&mut nodes, &query, &clock);
    clock.pass(Duration::from_secs(2));
    for _ in 0..8 {
        for node in 0..2 {
            client.receive(&mut nodes, node, 100_000);
        }
        client.read();
    }
    assert_eq!(client.given.last.values().copied().collect::<Vec<_>>(), [3, 3]);
    (nodes, clock, client)
}

#[test]
fn lines_wait_for_a_silent_node_for_a_second_at_most() {
    let (mut nodes, clock, mut client) = with_silent_node();
    nodes[0].write(0, 0);
    nodes[0].write(0, 0);
    nodes[0].look();
    client.receive(&mut nodes, 0, 100_000);
    client.read();
    assert_eq!(client.given.last["a-0"], 3);
    clock.pass(Duration::from_millis(1_001));
    client.read();
    assert_eq!(client.given.last["a-0"], 5);
    // What the node says then comes late.
    nodes[1].write(0, 2_000_000_000);
    nodes[1].look();
    client.receive(&mut nodes, 1, 100_000);
    clock.pass(Duration::from_millis(1_001));
    client.read();
    assert_eq!((client.given.last["b-0"], client.given.late), (4, 1));
}

#[test]
fn a_lost_node_is_told_once_and_named_as_missing() {
    let (nodes, clock, mut client) = with_silent_node();
    drop(nodes);
    clock.pass(Duration::from_secs(1));
    client.reading.closed(1);
    for _ in 0..3 {
        client.read();
        assert!(client.reading.may_return(1));
        client.reading.reopen(1);
        client.reading.failed(1, Some(503));
    }
    let unreachable = client.given.events.iter().filter(|(event, _)| event == "unreachable");
    assert_eq!(unreachable.collect::<Vec<_>>(), [&("unreachable".to_owned(), "node-1".to_owned())]);
    assert_eq!(client.reading.missing(), [Arc::from("node-1")]);
}

/// A front that was told `records` by its only node.
fn told(records: &[&str]) -> FrontReading {
    let mut reading = front(&[], &query(), None, &ModelClock::default());
    let node = reading.join("liar".into());
    reading.opened(node);
    for record in records {
        reading.push(node, Bytes::from(format!("{record}\n")));
    }
    reading
}

const OPENED: &str = r#"{"pod":{"event":"opened","namespace":"shop","pod":"web","uid":"1","container":"app","restart":0}}"#;
const LINE: &str = r#"{"time":"2026-11-01T10:00:00.000000000Z","stream":"stdout","namespace":"shop","pod":"web","container":"app","message":"m","uid":"1"}"#;

#[test]
fn a_node_that_lies_is_not_believed_any_more() {
    assert!(told(&[OPENED, LINE]).missing().is_empty());
    let changed = |from: &str, to: &str| LINE.replace(from, to);
    for lie in [
        "garbage",
        "{}",
        "[]",
        "",
        "\u{0}",
        r#"{"cursor":"AAAA"}"#,
        r#"{"watermark":"yesterday"}"#,
        &changed("web", "../web"),
        &changed("web", "other"),
        &changed("stdout", "stdin"),
        &changed("\"uid\":\"1\"", "\"uid\":\"2\""),
        &changed(",\"uid\":\"1\"", ""),
        &changed("\"message\"", "\"massage\""),
        &changed("2026", "twenty"),
        &changed("\"message\"", "\"cursor\":\"AQ\",\"message\""),
        &changed("\"message\"", "\"masked\":2,\"message\""),
        &changed("\"message\"", "\r\"message\""),
        "{\"volume\":{\"lines\":1,\r\"bytes\":1}}",
        r#"{"gap":{"namespace":"shop","pod":"../web"}}"#,
        r#"{"gap":{"namespace":"shop"}}"#,
        r#"{"gap":{"namespace":"shop","pod":"web","container":"a b"}}"#,
        r#"{"gap":{"from":"yesterday"}}"#,
    ] {
        let mut reading = told(&[OPENED, lie]);
        assert_eq!(reading.missing(), [Arc::from("liar")], "{lie}");
        assert!(!reading.may_return(0));
        let mut out = Vec::new();
        assert_eq!(reading.write_chunk(&mut out), Progress::Done(LogEnd::Complete));
        assert!(!String::from_utf8(out).unwrap().contains("message"), "{lie}");
    }
}

const GAP: &str = r#"{"gap":{"namespace":"shop","pod":"web","container":"app","bytes":1}}"#;

fn written(reading: &mut FrontReading) -> String {
    let mut out = Vec::new();
    reading.write_chunk(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_gap_of_a_pod_that_may_not_be_read_is_left_out() {
    let mut reading = told(&[]);
    reading.push(0, Bytes::from(format!("{GAP}\n")));
    assert!(written(&mut reading).contains("\"gap\""));
    reading.restrict(Arc::new(|_| false));
    reading.push(0, Bytes::from(format!("{GAP}\n")));
    assert_eq!(written(&mut reading), "");
    assert!(reading.missing().is_empty());
}

/// Gaps have no end, and nothing of a client is wanted for them.
fn tell_gaps(reading: &mut FrontReading, node: usize) -> usize {
    let gap = Bytes::from(format!("{GAP}\n"));
    let wanted = (0..100_000).take_while(|_| {
        let wants = reading.wants(node);
        if wants {
            reading.push(node, gap.clone());
        }
        wants
    });
    wanted.count()
}

#[test]
fn a_node_that_tells_without_end_waits_until_that_was_written() {
    let mut reading = told(&[]);
    let first = tell_gaps(&mut reading, 0);
    assert!(first < 10_000, "{first}");
    assert!(!reading.wants(0));
    while !reading.wants(0) {
        assert!(written(&mut reading).contains("\"gap\""));
    }
    assert_eq!(tell_gaps(&mut reading, 0), first);
}

#[test]
fn a_node_that_tells_without_end_does_not_hold_up_the_beginning() {
    let (nodes, clock) = two_nodes();
    let mut reading = front(&nodes, &query(), None, &clock);
    reading.opened(1);
    assert!(tell_gaps(&mut reading, 1) < 10_000);
    // The first one has not answered yet.
    assert_eq!(reading.missing(), ["node-0", "node-1"].map(Arc::from));
    assert!(!reading.may_return(1));
}

#[test]
fn a_node_that_promises_a_longer_tail_hides_no_more_than_that() {
    let mut reading =
        front(&[], &LogQuery { tail: Some(1), ..query() }, None, &ModelClock::default());
    let end = r#"{"end":{"reason":"complete"}}"#;
    let begin =
        |lines: u64| format!(r#"{{"begin":{{"pods":1,"logs":1,"lines":{lines},"unknown":[]}}}}"#);
    let later = LINE.replace("\"m\"", "\"later\"");
    for (name, records) in [
        ("liar", vec![begin(u64::MAX), end.to_owned()]),
        ("honest", vec![begin(1), OPENED.to_owned(), LINE.to_owned(), later, end.to_owned()]),
    ] {
        let node = reading.join(name.into());
        reading.opened(node);
        reading.push(node, Bytes::from(records.join("\n") + "\n"));
    }
    let written = written(&mut reading);
    assert!(written.contains("later"), "{written}");
}

#[test]
fn numbers_and_times_of_a_node_may_be_the_greatest() {
    let greatest = u64::MAX;
    let mut reading = told(&[]);
    for node in 0..2 {
        if node == 1 {
            reading.join("other liar".into());
            reading.opened(1);
        }
        for record in [
            format!(
                r#"{{"begin":{{"pods":{greatest},"logs":{greatest},"lines":{greatest},"unknown":[]}}}}"#
            ),
            format!(
                r#"{{"progress":{{"cursor":null,"scanned_bytes":{greatest},"behind_bytes":{greatest}}}}}"#
            ),
            r#"{"watermark":"+262142-12-31T23:59:59.999999999Z"}"#.to_owned(),
        ] {
            reading.push(node, Bytes::from(record + "\n"));
        }
    }
    assert_eq!(reading.begin(), FrontBegin::TooManyLogs);
    let mut out = Vec::new();
    reading.write_progress(&mut out);
    assert!(String::from_utf8(out).unwrap().contains(&format!("\"scanned_bytes\":{greatest}")));
}

#[test]
fn logs_are_counted_over_all_nodes() {
    let begin = |logs: usize| {
        told(&[&format!(
            r#"{{"begin":{{"pods":{logs},"logs":{logs},"lines":null,"unknown":[]}}}}"#
        )])
    };
    assert_eq!(told(&[]).begin(), FrontBegin::Unknown);
    assert_eq!(begin(50).begin(), FrontBegin::Pods(50));
    assert_eq!(begin(51).begin(), FrontBegin::TooManyLogs);
}
