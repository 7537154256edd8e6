//! Which level a line shows.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: Option<Level>) {
    assert_eq!(Level::shown_by(text.as_bytes()), expected, "{text}");
}

#[test]
fn json_shows_the_level_in_a_member() {
    check(r#"{"level":"error","msg":"x"}"#, Some(Level::Error));
    check(r#"{"msg":"an error","severity":"WARNING"}"#, Some(Level::Warn));
    check(r#"{"time":1,"level":30,"msg":"x"}"#, Some(Level::Info));
    check(r#"{"level":null,"severity":"crit"}"#, Some(Level::Fatal));
    check(r#"{"level":"verbose"}"#, None);
    check(r#"{"msg":"an error"}"#, None);
    check(r#"{"inner":{"level":"error"}}"#, None);
    check(r#"{"level":"info","cut off"#, Some(Level::Info));
    check(r#"{"level":"err\u006fr"}"#, Some(Level::Error));
    check(r#"{"level":"info","level":"error"}"#, Some(Level::Info));
    let deep = "[".repeat(200) + &"]".repeat(200);
    for other in [r#""\ud800""#, "1e999", "30.0", "-30", "{}", "true", &deep] {
        check(&format!(r#"{{"level":{other},"severity":"error"}}"#), Some(Level::Error));
    }
}

#[test]
fn klog_shows_the_level_in_its_first_letter() {
    check("E1101 10:00:00.123456       1 main.go:7] an info", Some(Level::Error));
    check("W1101 10:00:00.123456       1 main.go:7] x", Some(Level::Warn));
    check("I1101 10:00:00.123456 1 main.go:7] error", Some(Level::Info));
    check("F1101 10:00:00.123456 1 main.go:7] x", Some(Level::Fatal));
    check("X1101 10:00:00.123456 1 main.go:7] x", None);
}

#[test]
fn logfmt_shows_the_level_as_a_pair() {
    check("time=x level=warn msg=\"an error\"", Some(Level::Warn));
    check("level=\"error\" msg=x", Some(Level::Error));
    check("ts=1 severity=NOTICE", Some(Level::Info));
    check("an error loglevel=warn", Some(Level::Error));
    check("severity=warn level=error", Some(Level::Error));
    check("level=verbose severity=warn level=error severity=info", Some(Level::Error));
    check("level=verbose severity=x severity=warn severity=info", Some(Level::Warn));
}

#[test]
fn the_first_level_word_of_a_plain_line_counts() {
    check("2026-11-01 10:00:00 ERROR [main] warn", Some(Level::Error));
    check("[Warning] x", Some(Level::Warn));
    check("panic: runtime error", Some(Level::Fatal));
    check("<err> x", Some(Level::Error));
    check("errors and information", None);
    check("my_error", None);
    check("", None);
}

#[test]
fn a_line_that_continues_another_shows_a_level_only_by_its_first_word() {
    check("\tat com.example.Error.handle(Info.java:7)", None);
    check("Caused by: fatal error", None);
    check("at error", None);
    check("    error: expected one of", Some(Level::Error));
    check("  level=debug x", Some(Level::Debug));
}

#[test]
fn an_exception_shows_a_level_only_by_its_name() {
    check("java.io.IOException: info is missing", None);
    check("java.lang.Error: info", Some(Level::Error));
    check("ValueError: debug", None);
    check("Traceback (most recent call last): error", None);
    for text in
        ["x.YException", "Z$AError: b", "T.Throwable: c", "Traceback (most recent call last):"]
    {
        assert!(begins_with_exception(text.as_bytes()), "{text}");
    }
    for text in ["", "Exceptional", "an Exception: x", "1.Exception: x", "IOException closed", ".E"]
    {
        assert!(!begins_with_exception(text.as_bytes()), "{text}");
    }
}

#[test]
fn levels_are_in_order_and_have_other_names() {
    assert!(Level::ALL.is_sorted());
    for (name, level) in [("warning", Level::Warn), ("EMERG", Level::Fatal), ("err", Level::Error)]
    {
        assert_eq!(name.parse(), Ok(level));
    }
    for unknown in ["", "verbose", "inf", "errors"] {
        assert_eq!(unknown.parse::<Level>(), Err(UnknownLevel));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_panic(bytes: Vec<u8>, text in "[{}\":,a-z=0-9 ]{0,40}") {
        let _ = Level::shown_by(&bytes);
        let _ = Level::shown_by(text.as_bytes());
    }
}
