//! Whether a search finds what looking at each line finds.

use std::sync::Arc;

use proptest::prelude::*;

use crate::{
    line::{
        filter::{LineFilter, line_patterns::LinePatterns},
        level::Level,
    },
    merge::{chosen_lines::ChosenLines, merge_step::MergeStep},
    query::LogQuery,
    source::{
        files::{
            lines::{file_lines::FileLog, physical::tests::file},
            storage::chain::FileChain,
        },
        log_input::LogInput,
    },
};

/// What is chosen, with the levels.
pub(super) fn chosen(
    chain: &FileChain,
    query: &LogQuery,
    pattern: &str,
) -> Vec<(String, Option<Level>)> {
    let patterns = LinePatterns::new(&[pattern], &[]).unwrap();
    assert_eq!(patterns.literals().is_none(), pattern.ends_with("{3}"));
    let mut query = query.clone();
    query.filter.patterns = Some(Arc::new(patterns));
    let input = LogInput::Files(FileLog::whole(chain.clone()));
    let mut lines = ChosenLines::new(vec![input], &query).unwrap();
    let mut all = Vec::new();
    loop {
        match lines.advance().unwrap() {
            MergeStep::Line => {
                let content = lines.line().unwrap().content.to_vec();
                all.push((String::from_utf8(content).unwrap(), lines.level()));
            }
            MergeStep::Gap(_) | MergeStep::Notice | MergeStep::Reading => {}
            MergeStep::Awaited | MergeStep::Pending | MergeStep::End => return all,
        }
    }
}

/// The pattern, with a branch that requires no literal and matches nothing.
pub(super) fn with_slow_branch(pattern: &str) -> String {
    format!("{pattern}|[^\\x00-\\x7F]{{3}}")
}

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        10 => Just("hay "),
        2 => Just("needle "),
        1 => Just("nee"),
        1 => Just("dle "),
        1 => Just("n\u{1b}[1meedle "),
        1 => Just("ERROR "),
        1 => Just("info "),
        1 => Just("stdout P "),
        1 => Just(" stderr F "),
        1 => Just("\u{0}"),
    ];
    let begin = prop_oneof![
        3 => Just(""),
        1 => Just("\tat "),
        1 => Just("Caused by "),
        1 => Just("a.BException: "),
        1 => Just("\t"),
    ];
    let words = prop::collection::vec(word, 0..5);
    (begin, words).prop_map(|(begin, words)| format!("{begin}{}", words.concat()))
}

fn line() -> impl Strategy<Value = String> {
    let stream = prop_oneof![3 => Just("stdout"), 1 => Just("stderr")];
    let form = prop_oneof![12 => Just("F"), 2 => Just("P"), 1 => Just("docker"), 1 => Just("none")];
    let repeat = prop_oneof![40 => Just(1_usize), 1 => Just(1_500)];
    let nuls = prop_oneof![20 => Just(0_usize), 1 => 1_usize..5];
    (stream, form, text(), repeat, nuls).prop_map(|(stream, form, text, repeat, nuls)| {
        let line = match form {
            "docker" => format!(
                "{{\"log\":{:?},\"stream\":\"{stream}\",\"time\":\"2026-11-01T10:00:00Z\"}}\n",
                text.replace(['\u{1b}', '\u{0}'], "") + "\n"
            ),
            "none" => format!("no line {text}\n"),
            tag => format!("2026-11-01T10:00:00.000000000Z {stream} {tag} {text}\n"),
        };
        "\0".repeat(nuls) + &line.repeat(repeat)
    })
}

/// Lines in files, some of them compressed.
fn log() -> impl Strategy<Value = FileChain> {
    let content = prop::collection::vec(line(), 0..40);
    prop::collection::vec((content, any::<bool>()), 1..4).prop_map(|files| {
        let files = files.iter().map(|(lines, packed)| file(lines.concat().as_bytes(), *packed, 0));
        FileChain::whole(files.collect())
    })
}

#[test]
fn a_line_that_names_the_other_stream_gives_it_no_level() {
    let line = |stream, text| format!("2026-11-01T10:00:00.000000000Z {stream} F {text}\n");
    let lines = [
        line("stderr", "ERROR hay"),
        line("stdout", "hay"),
        line("stdout", "info stderr F hay"),
        line("stdout", "hay"),
        line("stderr", "\tat n\u{1b}[1meedle"),
    ];
    let log = FileChain::whole(vec![file(lines.concat().as_bytes(), false, 0)]);
    let filter = LineFilter { level: Some(Level::Error), ..LineFilter::default() };
    let query = LogQuery { filter, ..LogQuery::default() };
    let expected = [("\tat n\u{1b}[1meedle".to_owned(), Some(Level::Error))];
    for pattern in ["needle".to_owned(), with_slow_branch("needle")] {
        assert_eq!(chosen(&log, &query, &pattern), expected, "{pattern}");
    }
}

#[test]
fn lines_that_are_passed_over_give_levels_to_later_ones() {
    let line = |text| format!("2026-11-01T10:00:00.000000000Z stdout F {text}\n");
    for (before, level) in [
        (["INFO needle", "hay"], None),
        (["INFO needle", "a.BException: hay"], None),
        (["ERROR needle", "a.BException: hay"], Some(Level::Error)),
        (["INFO needle", "a.BError: hay"], None),
        (["INFO needle", "Error: hay"], Some(Level::Error)),
        (["INFO needle", "\tERROR hay"], Some(Level::Error)),
    ] {
        let lines = [before[0], before[1], "\tat hay", "\tat needle"].map(line);
        let log = FileChain::whole(vec![file(lines.concat().as_bytes(), false, 0)]);
        let filter = LineFilter { shows_levels: true, ..LineFilter::default() };
        let query = LogQuery { filter, ..LogQuery::default() };
        for pattern in ["needle".to_owned(), with_slow_branch("needle")] {
            let levels: Vec<_> =
                chosen(&log, &query, &pattern).into_iter().map(|(_, level)| level).collect();
            assert_eq!(levels.last(), Some(&level), "{before:?}, {pattern}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_search_finds_what_looking_at_each_line_finds(
        log in log(),
        tail in prop_oneof![Just(None), (0_u64..20).prop_map(Some)],
        shows_levels: bool,
        level in prop_oneof![2 => Just(None), 1 => Just(Some(Level::Error))],
        pattern in prop_oneof![Just("needle"), Just("(?i)NEEDLE|eedle.*hay"), Just("ne+dle .*y")],
    ) {
        let filter = LineFilter { shows_levels, level, ..LineFilter::default() };
        let query = LogQuery { filter, tail, ..LogQuery::default() };
        let slow = with_slow_branch(pattern);
        prop_assert_eq!(
            chosen(&log, &query, pattern), chosen(&log, &query, &slow),
        );
    }
}
