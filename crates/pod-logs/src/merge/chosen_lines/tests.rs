use chrono::DateTime;

use super::*;
use crate::source::files::{
    lines::{file_lines::FileLog, physical::tests::chain_of},
    storage::chain::FileChain,
};

fn log(lines: &[(u8, &str)]) -> FileChain {
    let lines: String = lines
        .iter()
        .map(|(second, text)| format!("2026-11-01T10:00:{second:02}Z stdout F {text}\n"))
        .collect();
    chain_of(lines.as_bytes(), 0)
}

#[track_caller]
fn check(chains: Vec<FileChain>, query: &LogQuery, expected: &[&str]) {
    let inputs = chains.into_iter().map(FileLog::whole).map(LogInput::Files).collect();
    let mut chosen = ChosenLines::new(inputs, query).unwrap();
    let mut seen = Vec::new();
    while chosen.advance().unwrap() == MergeStep::Line {
        seen.push(String::from_utf8(chosen.line().unwrap().content.to_vec()).unwrap());
    }
    assert_eq!(seen, expected);
}

fn tail(lines: u64) -> LogQuery {
    LogQuery { tail: Some(lines), ..LogQuery::default() }
}

#[test]
fn files_are_merged_by_time_and_the_first_named_comes_first() {
    let files =
        || vec![log(&[(1, "a1"), (3, "a3"), (5, "a5")]), log(&[(2, "b2"), (3, "b3")]), log(&[])];
    check(files(), &LogQuery::default(), &["a1", "b2", "a3", "b3", "a5"]);
    check(files(), &tail(2), &["b3", "a5"]);
    check(files(), &tail(0), &[]);
    check(files(), &tail(9), &["a1", "b2", "a3", "b3", "a5"]);
}

#[test]
fn a_file_out_of_order_stays_as_it_is() {
    check(vec![log(&[(5, "a"), (1, "b"), (3, "c")])], &LogQuery::default(), &["a", "b", "c"]);
}

#[test]
fn a_line_passes_from_since_on_and_before_until() {
    let second = |second: u32| DateTime::from_timestamp(1_793_527_200 + i64::from(second), 0);
    let filter = LineFilter { since: second(2), until: second(4), ..LineFilter::default() };
    let query = LogQuery { filter, ..LogQuery::default() };
    check(vec![log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")])], &query, &["b", "c"]);
    check(
        vec![log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")])],
        &LogQuery { tail: Some(1), ..query },
        &["c"],
    );
}
