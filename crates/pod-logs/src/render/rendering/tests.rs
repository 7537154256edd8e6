use std::{io::Write, sync::Arc};

use proptest::prelude::*;

use super::*;
use crate::{
    cursor::Cursor,
    line::log_line::LineEnding,
    query::OutputLimit,
    render::{
        objects::write_end,
        text::{TextBefore, write_text},
    },
    source::{
        files::{
            lines::{file_lines::FileLog, physical::tests::chain_of, tail::tests::log},
            storage::{chain::FileChain, log_file::LogFile},
        },
        log_input::LogInput,
    },
};

pub(super) const LOG: &[u8] = b"2026-11-01T10:00:01Z stdout F a\"b\n\
    2026-11-01T10:00:02+01:00 stderr F \xff\xc3\xa4\n\
    2026-11-01T10:00:03Z stdout P half";

fn render(query: &LogQuery, form: LogForm) -> String {
    String::from_utf8_lossy(&render_all(chain_of(LOG, 0), query, form)).into_owned()
}

pub(super) fn rendering(chain: FileChain, query: &LogQuery, form: LogForm) -> Rendering {
    let lines = ChosenLines::new(vec![LogInput::Files(FileLog::whole(chain))], query).unwrap();
    Rendering::new(lines, query, form)
}

fn render_all(chain: FileChain, query: &LogQuery, form: LogForm) -> Vec<u8> {
    render_counted(chain, query, form).0
}

fn render_counted(chain: FileChain, query: &LogQuery, form: LogForm) -> (Vec<u8>, ReadCounts) {
    let mut rendering = rendering(chain, query, form);
    let mut out = Vec::new();
    loop {
        let mut chunk = Vec::new();
        let progress = rendering.write_chunk(&mut chunk).unwrap();
        out.append(&mut chunk);
        if let Progress::Done(reason) = progress {
            write_end(form, reason, &mut out);
            return (out, rendering.counts());
        }
    }
}

/// A log's text, put together line by line.
fn text_by_lines(chain: FileChain, query: &LogQuery) -> Vec<u8> {
    let mut lines = ChosenLines::new(vec![LogInput::Files(FileLog::whole(chain))], query).unwrap();
    let (mut out, mut open) = (Vec::new(), None);
    while lines.advance().unwrap() == MergeStep::Line {
        let line = lines.line().unwrap();
        let goes_on = line.is_continuation && open == Some(line.stream);
        let before =
            TextBefore { owes_newline: open.is_some() && !goes_on, ..TextBefore::default() };
        write_text(&line, before, &mut None, &mut out);
        open = (line.ending != LineEnding::Newline).then_some(line.stream);
    }
    out
}

proptest! {
    #[test]
    fn lines_stripped_at_once_are_those_found_one_by_one(log in log(), tail in prop::option::of(0_u64..50)) {
        let query = LogQuery { tail, ..LogQuery::default() };
        let text = render_all(log.clone(), &query, LogForm::Text);
        prop_assert_eq!(text, text_by_lines(log, &query));
    }
}

proptest! {
    #[test]
    fn the_bytes_and_lines_that_were_written_are_counted(
        log in log(),
        tail in prop::option::of(0_u64..50),
        bytes in prop::option::of(1_u64..2000),
        timestamps: bool,
    ) {
        let all = LogQuery { tail, timestamps, ..LogQuery::default() };
        let (_, whole) = render_counted(log.clone(), &all, LogForm::Text);
        let objects = objects(log.clone(), &all);
        // A line in parts is one line.
        let lines_and_end = objects.iter().filter(|object| object["partial"] != true).count();
        prop_assert_eq!(whole.lines, lines_and_end as u64 - 1);
        for form in [LogForm::JsonString, LogForm::JsonLines] {
            prop_assert_eq!(render_counted(log.clone(), &all, form).1.lines, whole.lines);
        }
        let cut = LogQuery { limit: OutputLimit { bytes, lines: None }, ..all };
        let (text, counts) = render_counted(log.clone(), &cut, LogForm::Text);
        prop_assert_eq!(counts.bytes, text.len() as u64);
        prop_assert_eq!(render_counted(log, &cut, LogForm::JsonString).1, counts);
    }
}

/// A line of 2.4 MB in pieces, and another one before and after it.
fn long_log() -> FileChain {
    let mut content = String::from("2026-11-01T10:00:00Z stdout F first\n");
    for piece in 0..12 {
        let text = char::from(b'a' + piece).to_string().repeat(200_000);
        let tag = if piece == 11 { "F" } else { "P" };
        content += &format!("2026-11-01T10:00:0{}Z stdout {tag} {text}\n", 1 + piece / 2);
        if piece == 9 {
            content += "2026-11-01T10:00:06Z stderr F between\n";
        }
    }
    content += "2026-11-01T10:00:09Z stdout F last\n";
    chain_of(content.as_bytes(), 0)
}

fn objects(chain: FileChain, query: &LogQuery) -> Vec<serde_json::Value> {
    let objects = render_all(chain, query, LogForm::JsonLines);
    let lines = objects.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let objects = lines.map(|line| serde_json::from_slice(line).unwrap());
    objects.filter(|object: &serde_json::Value| !object["pod"].is_object()).collect()
}

#[test]
fn a_long_line_is_one_line_in_text() {
    let query = LogQuery { timestamps: true, ..limit(None, Some(2)) };
    let text = render_all(long_log(), &query, LogForm::Text);
    let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines[0], b"2026-11-01T10:00:00.000000000Z first\n");
    assert!(lines[1].starts_with(b"2026-11-01T10:00:01.000000000Z aaa"));
    assert_eq!((lines.len(), lines[1].len()), (2, 31 + 12 * 200_000 + 1));
    let all = render_all(long_log(), &LogQuery::default(), LogForm::JsonString);
    assert!(all.ends_with(b"lll\\nlast\\n"));
}

#[test]
fn a_long_line_comes_in_marked_parts_and_counts_once() {
    let all = objects(long_log(), &LogQuery::default());
    let text = |object: &serde_json::Value| object["message"].as_str().unwrap_or("").to_owned();
    let shape: Vec<_> = all.iter().map(|object| (text(object).len(), &object["partial"])).collect();
    let (yes, none) = (&serde_json::json!(true), &serde_json::Value::Null);
    assert_eq!(
        shape,
        [(5, none), (1_200_000, yes), (7, none), (1_200_000, none), (4, none), (0, none)]
    );
    assert_eq!(all[1]["time"], all[3]["time"]);
    let seen = |query: &LogQuery| -> Vec<usize> {
        objects(long_log(), query).iter().map(|object| text(object).len()).collect()
    };
    for (tail, expected) in [
        (1, &[4, 0][..]),
        (2, &[7, 4, 0]),
        (3, &[1_200_000, 7, 1_200_000, 4, 0]),
        (4, &[5, 1_200_000, 7, 1_200_000, 4, 0]),
    ] {
        let query = LogQuery { tail: Some(tail), ..LogQuery::default() };
        assert_eq!(seen(&query), expected, "{tail}");
    }
    assert_eq!(seen(&limit(None, Some(2))), [5, 1_200_000, 1_200_000, 0]);
    assert_eq!(seen(&limit(None, Some(3))), [5, 1_200_000, 7, 1_200_000, 0]);
}

#[test]
fn a_line_that_was_cut_has_no_cursor() {
    for form in [LogForm::JsonLines, LogForm::Events] {
        let cut = render(&limit(Some(2), None), form);
        assert!(!cut.contains("cursor") && !cut.contains("id: "), "{cut}");
        // Its newline is no part of the message.
        assert!(render(&limit(Some(3), None), form).contains("cursor"));
    }
}

/// What a follow gives out as the log is written, with a long quiet after each write.
fn follow(writes: &[&str], query: &LogQuery, form: LogForm) -> String {
    let mut writer = tempfile::tempfile().unwrap();
    writer.write_all(writes[0].as_bytes()).unwrap();
    let file = Arc::new(LogFile::new(writer.try_clone().unwrap(), false, 0).unwrap());
    file.start_growing();
    let mut rendering = rendering(FileChain::whole(vec![file.clone()]), query, form);
    let mut out = Vec::new();
    for write in &writes[1..] {
        while rendering.write_chunk(&mut out).unwrap() == Progress::More {}
        while rendering.write_unfinished(&mut out).unwrap() == Progress::More {}
        writer.write_all(write.as_bytes()).unwrap();
        file.grow().unwrap();
    }
    while rendering.write_chunk(&mut out).unwrap() == Progress::More {}
    String::from_utf8(out).unwrap()
}

#[test]
fn a_record_that_is_finished_late_is_given_whole() {
    let docker =
        r#"{"log":"whole\n","stream":"stdout","time":"2026-11-01T10:00:01Z"}"#.to_owned() + "\n";
    let cri = "2026-11-01T10:00:01Z stdout F whole\n";
    for record in [&docker[..], cri] {
        for cut in 1..record.len() {
            let (begin, end) = record.split_at(cut);
            let seen = follow(&[begin, end], &LogQuery::default(), LogForm::Text);
            assert_eq!(seen, "whole\n", "{begin}");
        }
    }
    // What of a line can be read is given, and then the rest of it.
    let pieces =
        ["2026-11-01T10:00:01Z stdout P a", "b\n", "2026-11-01T10:00:02Z stdout F c\n", cri];
    let query = LogQuery { timestamps: true, ..LogQuery::default() };
    let stamped = "2026-11-01T10:00:01.000000000Z abc\n2026-11-01T10:00:01.000000000Z whole\n";
    assert_eq!(follow(&pieces, &query, LogForm::Text), stamped);
}

#[test]
fn an_old_line_that_is_not_finished_counts_for_a_tail() {
    let tail = |lines| LogQuery { tail: Some(lines), follow: true, ..LogQuery::default() };
    let old = "2026-11-01T10:00:00Z stdout F old\n2026-11-01T10:00:01Z stdout P half\n";
    let torn = "2026-11-01T10:00:00Z stdout F old\n2026-11-01T10:00:01Z stdout F half";
    let (new, rest) =
        ("2026-11-01T10:00:02Z stderr F new\n", "2026-11-01T10:00:03Z stdout F rest\n");
    for (tail, writes, expected) in [
        (tail(0), [old, "", new], "new\n"),
        (tail(0), [torn, "", ""], ""),
        (tail(1), [old, "", ""], "half"),
        (tail(1), [torn, "", ""], "half"),
        (tail(2), [old, "", ""], "old\nhalf"),
        (tail(2), [torn, "", ""], "old\nhalf"),
        // Its end is new, and comes with the whole of it.
        (tail(0), [old, rest, new], "halfrest\nnew\n"),
        (tail(0), [torn, " whole\n", new], "half whole\nnew\n"),
    ] {
        assert_eq!(follow(&writes, &tail, LogForm::Text), expected, "{writes:?}");
    }
}

#[track_caller]
fn check(query: &LogQuery, form: LogForm, expected: &[u8]) {
    assert_eq!(render(query, form), String::from_utf8_lossy(expected));
}

fn limit(bytes: Option<u64>, lines: Option<u64>) -> LogQuery {
    LogQuery { limit: OutputLimit { bytes, lines }, ..LogQuery::default() }
}

#[test]
fn text_is_rendered_unchanged() {
    check(&LogQuery::default(), LogForm::Text, b"a\"b\n\xff\xc3\xa4\nhalf");
}

#[test]
fn json_is_escaped_and_valid() {
    let expected = "a\\\"b\\n\u{fffd}ä\\nhalf".as_bytes();
    check(&LogQuery::default(), LogForm::JsonString, expected);
}

#[test]
fn objects_contain_every_field_of_a_line() {
    let objects = render(&LogQuery::default(), LogForm::JsonLines);
    let objects: Vec<serde_json::Value> =
        objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let opened = serde_json::json!({"pod": {
        "event": "opened",
        "namespace": "shop",
        "pod": "web",
        "uid": "1",
        "container": "app",
        "restart": 0,
    }});
    let (first, objects) = objects.split_first().unwrap();
    assert_eq!((first, objects.len()), (&opened, 4));
    assert_eq!(objects[0]["message"], "a\"b");
    assert_eq!(objects[0]["container"], "app");
    assert_eq!(objects[1]["time"], "2026-11-01T09:00:02.000000000Z");
    assert_eq!(objects[1]["message_base64"], "/8Ok");
    assert_eq!(objects[1]["stream"], "stderr");
    assert!(Cursor::decode(objects[1]["cursor"].as_str().unwrap()).is_ok());
    assert!(objects[2].get("cursor").is_none(), "it is not finished");
    assert_eq!(objects[3], serde_json::json!({"end": {"reason": "complete"}}));
}

#[test]
fn events_have_the_cursor_as_their_id() {
    let events = render(&limit(None, Some(1)), LogForm::Events);
    let lines: Vec<&str> = events.lines().collect();
    let (opened, lines) = lines.split_at(3);
    assert_eq!([opened[0], opened[2]], ["event: pod", ""]);
    assert!(opened[1].starts_with(r#"data: {"event":"opened","namespace":"shop""#), "{opened:?}");
    assert!(Cursor::decode(lines[0].strip_prefix("id: ").unwrap()).is_ok());
    assert!(lines[1].starts_with("data: {\"time\":\"2026-11-01T10:00:01.000000000Z\""));
    assert_eq!(lines[2..], ["", "event: end", "data: {\"reason\":\"limit\"}", ""]);
}

#[test]
fn stamps_stand_before_lines() {
    let query = LogQuery { timestamps: true, tail: Some(1), ..LogQuery::default() };
    check(&query, LogForm::Text, b"2026-11-01T10:00:03.000000000Z half");
}

#[test]
fn unfinished_lines_are_written_within_the_limits_a_chunk_at_a_time() {
    let mut out = Vec::new();
    let mut limited = rendering(chain_of(LOG, 0), &limit(None, Some(1)), LogForm::Text);
    let progress = limited.write_unfinished(&mut out).unwrap();
    assert_eq!((progress, &*out), (Progress::Done(LogEnd::Limit), &b"a\"b\n"[..]));

    let much = b"2026-11-01T10:00:01Z stdout F a\n".repeat(CHUNK_BYTES);
    let mut unlimited = rendering(chain_of(&much, 0), &LogQuery::default(), LogForm::JsonLines);
    out.clear();
    assert_eq!(unlimited.write_unfinished(&mut out).unwrap(), Progress::More);
    assert!(out.len() < 2 * CHUNK_BYTES, "{}", out.len());
}

#[test]
fn limits_cut_lines_between_and_bytes_anywhere() {
    check(&limit(None, Some(1)), LogForm::Text, b"a\"b\n");
    check(&limit(Some(2), None), LogForm::Text, b"a\"");
    check(&limit(Some(6), None), LogForm::Text, b"a\"b\n\xff\xc3");
    check(&limit(Some(2), None), LogForm::JsonString, b"a\\\"");
    check(&limit(Some(1000), Some(1000)), LogForm::Text, b"a\"b\n\xff\xc3\xa4\nhalf");
    let stamped = LogQuery { timestamps: true, ..limit(Some(33), None) };
    check(&stamped, LogForm::Text, b"2026-11-01T10:00:01.000000000Z a\"");
    assert!(render(&limit(Some(2), None), LogForm::JsonLines).contains("\"message\":\"a\\\"\""));
}
