//! Patterns: what they match, and what they cost.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use proptest::prelude::*;

use super::{
    line_patterns::{BadPattern, LinePatterns},
    pattern_error::PatternError,
};
use crate::pace::{Pace, at_pace};

fn patterns(grep: &[&str], exclude: &[&str]) -> LinePatterns {
    LinePatterns::new(grep, exclude).unwrap()
}

#[track_caller]
fn check(pattern: &str, text: &str, expected: bool) {
    assert_eq!(patterns(&[pattern], &[]).choose(text.as_bytes()).unwrap(), expected, "{pattern}");
    assert_eq!(patterns(&[], &[pattern]).choose(text.as_bytes()).unwrap(), !expected, "{pattern}");
}

#[test]
fn a_pattern_matches_anywhere_in_a_line() {
    check("b", "abc", true);
    check("^b", "abc", false);
    check("^a.c$", "abc", true);
    check("(?i)ERROR", "an Error", true);
    check("[[:digit:]]{3}", "a 123", true);
    check("", "anything", true);
    check("é+", "caféé", true);
    check(r"\bfoo\b", "a foo b", true);
    check(r"\bfoo\b", "a food", false);
    check(r"\bfoo\b", "éfoo", true);
}

#[test]
fn every_grep_and_no_exclude_must_match() {
    let both = patterns(&["a", "b"], &["c", "d"]);
    for (text, expected) in [("ab", true), ("a", false), ("abc", false), ("dab", false)] {
        assert_eq!(both.choose(text.as_bytes()).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_line_that_is_not_utf_8_is_matched_around_the_other_bytes() {
    let lines = patterns(&["a.*b"], &[]);
    assert!(!lines.choose(b"a\xffb").unwrap());
    assert!(patterns(&["b$"], &[]).choose(b"a\xffb").unwrap());
    assert!(patterns(&[r"(?-u:\xff)"], &[]).choose(b"a\xffb").unwrap());
}

#[track_caller]
fn check_hits(grep: &[&str], line: &str, expected: &[&str]) {
    let hits = patterns(grep, &[]).hits(line.as_bytes()).unwrap();
    let texts: Vec<&str> = hits.iter().map(|[from, to]| &line[*from..*to]).collect();
    assert_eq!(texts, expected, "{line:?}");
}

#[test]
fn hits_are_where_patterns_match_in_the_line_as_it_is_served() {
    check_hits(&["b+"], "abbab", &["bb", "b"]);
    check_hits(&["b*"], "abab", &["b", "b"]);
    check_hits(&["a", "c"], "cba", &["c", "a"]);
    check_hits(&["ab", "bc"], "abcd", &["abc"]);
    check_hits(&["(?i)É"], "éa", &["é"]);
    check_hits(&["error$"], "\u{1b}[31mer\u{1b}[0mror", &["er\u{1b}[0mror"]);
    check_hits(&["e"], "\u{1b}[31me\u{1b}[0m", &["e"]);
    check_hits(&["a"], &"a".repeat(100), &["a"; 32]);
    check_hits(&[], "a", &[]);
}

#[track_caller]
fn check_refused(grep: &[&str], exclude: &[&str], excludes: bool, reason: &str) {
    let BadPattern { excludes: of_exclude, error } = LinePatterns::new(grep, exclude).unwrap_err();
    assert_eq!((of_exclude, &*error.to_string()), (excludes, reason));
}

#[test]
fn a_pattern_that_is_refused_says_why() {
    let long = "a".repeat(4097);
    check_refused(&[&long], &[], false, "must have at most 4096 bytes");
    check_refused(&["("], &[], false, "is not a regular expression: unclosed group, at byte 0");
    check_refused(
        &["a"],
        &["b**{"],
        true,
        "is not a regular expression: unclosed counted repetition, at byte 3",
    );
    let wide = r"[\x00-\x{10FFFF}]".repeat(2);
    let sets =
        [r"(\w{100}){100}", &format!("(?i){}", r"\pL".repeat(1300)), &"[a-z]".repeat(101), &wide];
    for large in sets {
        check_refused(&[large], &[], false, "is too large a regular expression");
    }
    let many = ["a"; 17];
    let reason = "must not be given more than 16 times together with the other patterns";
    check_refused(&many, &[], false, reason);
    check_refused(&many[..1], &many[..16], true, reason);
}

#[test]
fn sixteen_patterns_share_the_memory_of_one() {
    let large = r"\w{10}";
    let refused = LinePatterns::new(&[large; 16], &[]).unwrap_err();
    assert_eq!(refused.error, PatternError::TooLarge);
    LinePatterns::new(&[large; 1], &[]).unwrap();
    LinePatterns::new(&[r"\w+ failed: \d+"; 8], &["debug"; 8]).unwrap();
}

/// The longest time between two steps of a reading.
#[derive(Default)]
struct LongestStep {
    last: Cell<Option<Instant>>,
    longest: Cell<Duration>,
}

impl Pace for LongestStep {
    fn step(&self) -> std::io::Result<()> {
        let now = Instant::now();
        if let Some(last) = self.last.replace(Some(now)) {
            self.longest.set(self.longest.get().max(now - last));
        }
        if self.longest.get() > Duration::from_secs(5) {
            return Err(std::io::Error::other("took too long"));
        }
        Ok(())
    }
}

#[test]
fn a_pattern_made_to_be_slow_is_interrupted_often() {
    let text: String = (0..20_000).map(|i| if i % 7 == 0 { 'b' } else { 'a' }).collect();
    for pattern in [
        "(a*)*c",
        "(a|aa)+$",
        "(a|b)*a(a|b){300}c",
        "(.*)(.*)(.*)(.*)(.*)[^ab]",
        r"(\w+\s?)*!",
        "(x+x+)+y",
        "[ab]*a[ab]{200}a[ab]{200}c",
    ] {
        let pace = Rc::new(LongestStep::default());
        let lines = patterns(&[pattern], &[]);
        at_pace(pace.clone(), || lines.choose(text.as_bytes())).unwrap();
        // In a build that is not optimised.
        assert!(pace.longest.get() < Duration::from_secs(2), "{pattern}: {:?}", pace.longest);
    }
}

proptest! {
    #[test]
    fn a_long_line_is_judged_as_a_short_one(
        text in "[ab ]{0,40}",
        pattern in "(a|b|\\^|\\$|\\.|a\\*|\\\\b|\\[ab\\]\\+){1,6}",
    ) {
        // As many states as it takes for a text to be looked at in steps.
        let slow = format!("(?:{pattern})|[xy]{{2000}}");
        let (fast, slow) = (patterns(&[&pattern], &[]), patterns(&[&slow], &[]));
        let text = text.repeat(150);
        let judge = |lines: &LinePatterns| lines.choose(text.as_bytes()).unwrap();
        prop_assert_eq!(judge(&fast), judge(&slow));
    }
}
