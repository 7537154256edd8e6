//! Query strings, accepted and refused.

use std::sync::Arc;

use actix_web::ResponseError;
use pod_logs::{FilePosition, Level, LevelsBefore, LinePatterns, LogPosition};

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn parse(text: &str) -> Result<LogQuery> {
    Ok(log_request(Query::parse(text), None, now())?.query)
}

#[track_caller]
fn check_refused(text: &str, status: u16, code: &str) {
    let problem = parse(text).unwrap_err();
    assert_eq!((problem.status_code().as_u16(), problem.code()), (status, code), "{text}");
}

#[test]
fn an_empty_query_reads_the_whole_log_of_the_only_container() {
    assert_eq!(parse("").unwrap(), LogQuery::default());
}

#[test]
fn every_parameter_sets_its_field() {
    let query = parse(
        "container=app&uid=1-2&previous&tailLines=5&limitBytes=6&limitLines=7&timestamps=true\
         &stream=Stderr&grep=a&exclude=b&grep=c&level=warning&context=8&sinceSeconds=60&untilTime=2027-01-01T00:00:00%2B01:00&follow=false&history=current",
    )
    .unwrap();
    let expected = LogQuery {
        container: ContainerChoice::Named("app".parse().unwrap()),
        uid: Some("1-2".parse().unwrap()),
        previous: true,
        run: None,
        history: History::Current,
        filter: LineFilter {
            stream: Some(OutputStream::Stderr),
            since: Some(now() - TimeDelta::seconds(60)),
            until: Some(instant("2026-12-31T23:00:00Z").unwrap()),
            level: Some(Level::Warn),
            shows_levels: false,
            context: 8,
            patterns: Some(Arc::new(LinePatterns::new(&["a", "c"], &["b"]).unwrap())),
        },
        tail: Some(5),
        limit: OutputLimit { bytes: Some(6), lines: Some(7) },
        timestamps: true,
        prefix: false,
        follow: false,
        volume: None,
        anchor: None,
        is_of_many: false,
        for_front: false,
    };
    assert_eq!(query, expected);
}

#[test]
fn since_has_three_forms_of_which_one_counts() {
    let hour = Some(now() - TimeDelta::hours(1));
    assert_eq!(parse("since=1h").unwrap().filter.since, hour);
    assert_eq!(parse("sinceSeconds=3600").unwrap().filter.since, hour);
    assert_eq!(parse("sinceTime=2027-01-15T07:00:00Z").unwrap().filter.since, hour);
    let ages = parse("sinceSeconds=9223372036854775807").unwrap().filter.since;
    assert!(ages.is_none_or(|since| since < now()));
    check_refused("since=1h&sinceSeconds=5", 422, "invalid_value");
}

#[test]
fn an_unparsable_value_is_400() {
    for text in [
        "tailLines=abc",
        "tailLines=",
        "tailLines=1.5",
        "tail=99999999999999999999",
        "timestamps=yes",
        "sinceTime=yesterday",
        "context=some",
        "volume=often",
        "volume=",
        "since=soon",
        "untilTime=1",
        "container=..",
        "container=a%2Fb",
        "uid=../x",
        "unknown=1",
        "tail=1&tail=2",
        "tail=1&tailLines=1",
        "TAILLINES=1",
    ] {
        check_refused(text, 400, "bad_request");
    }
}

#[test]
fn a_cursor_is_whole_or_400() {
    for text in ["after=x", "after=", "before=x", "before="] {
        check_refused(text, 400, "bad_cursor");
    }
}

#[test]
fn lines_lie_on_one_side_of_a_cursor_and_those_before_it_are_not_followed() {
    let place = FilePosition { fingerprint: 1, offset: 2 };
    let container = "app".parse().unwrap();
    let levels = LevelsBefore::default();
    let log = LogPosition { container, restart: 0, begin: place, seen: place, line: None, levels };
    let cursor = Cursor { pod: 1, uid: "5f0c".parse().unwrap(), logs: vec![log] };
    let text = cursor.encode().unwrap();
    let before = parse(&format!("before={text}&tailLines=5")).unwrap();
    assert_eq!((before.anchor, before.tail), (Some(Anchor::Before(cursor.clone())), Some(5)));
    let after = parse(&format!("after={text}&tailLines=5&since=1h")).unwrap();
    let expected = LogQuery {
        anchor: Some(Anchor::After(cursor.clone())),
        uid: after.uid.clone(),
        ..LogQuery::default()
    };
    assert_eq!(after, expected);
    check_refused(&format!("before={text}&after={text}"), 422, "invalid_value");
    check_refused(&format!("before={text}&follow"), 422, "invalid_value");
    check_refused(&format!("before={text}&uid=other"), 400, "bad_cursor");
    let upto = parse(&format!("upto={text}&tailLines=5&run=0")).unwrap();
    assert_eq!((upto.anchor, upto.tail), (Some(Anchor::UpTo(cursor.clone())), Some(5)));
    check_refused(&format!("upto={text}&before={text}"), 422, "invalid_value");
    check_refused(&format!("upto={text}&after={text}"), 422, "invalid_value");
    check_refused(&format!("upto={text}&follow"), 422, "invalid_value");
    check_refused(&format!("upto={text}&run=1"), 400, "bad_cursor");
}

#[test]
fn a_well_formed_but_refused_value_is_422() {
    for text in [
        "tailLines=-1",
        "limitBytes=0",
        "limitLines=0",
        "sinceSeconds=0",
        "stream=stdout",
        "history=x",
        "history=all&previous",
        "run=-1",
        "run=4294967296",
        "run=1&previous",
        "run=1&history=all",
        "level=verbose",
        "context=51",
        "context=-1",
        "context=1&follow",
        "volume=0s",
        "volume=1m&follow",
        "volume=1m&tail=5",
        "volume=1m&grep=a&context=5",
        "level=",
    ] {
        check_refused(text, 422, "invalid_value");
    }
}

#[test]
fn a_volume_is_of_the_last_thousand_intervals_unless_a_start_is_given() {
    let minutes = |count| Some(now() - TimeDelta::minutes(count));
    let since = |text| parse(text).unwrap().filter.since;
    assert_eq!(since("volume=1m"), minutes(1000));
    assert_eq!(since("volume=1m&since=1h"), minutes(60));
    let until = now() - TimeDelta::hours(1);
    assert_eq!(since(&format!("volume=1m&untilTime={}", until.format("%FT%TZ"))), minutes(1060));
}

#[test]
fn a_bad_pattern_is_422_with_the_reason() {
    for text in ["grep=(", "exclude=[", "grep=a&grep=(?<x", "grep=(%5Cw{99}){99}"] {
        check_refused(text, 422, "bad_pattern");
    }
    let many = "grep=a&".repeat(17);
    check_refused(&many, 422, "bad_pattern");
    let problem = parse("grep=a(").unwrap_err();
    let reason = "bad_pattern: grep: is not a regular expression: unclosed group, at byte 1";
    assert_eq!(problem.to_string(), reason);
}
