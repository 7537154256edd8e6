//! The options of a watch (`apimachinery/pkg/apis/meta/internalversion/validation`).

use std::time::Duration;

use pod_logs::GoQuoted;

use crate::http::kubernetes::{
    request::go_query::GoQuery,
    status::{Result, StatusCause, StatusError},
};

/// How long a watch lasts by default: the minimum of the API server.
const TIME: Duration = Duration::from_secs(30 * 60);
/// How long a watch lasts at most. Clients begin a new one then.
const MAX_TIME: Duration = Duration::from_secs(12 * 60 * 60);

/// The first events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::kubernetes) enum Start {
    /// All objects, as if they were new.
    Everything,
    /// Changes from now on.
    Now,
    /// Changes after this version.
    After(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http::kubernetes) struct WatchOptions {
    pub(in crate::http::kubernetes) start: Start,
    pub(in crate::http::kubernetes) bookmarks: bool,
    /// A bookmark marks the end of the initial events.
    pub(in crate::http::kubernetes) marks_start: bool,
    pub(in crate::http::kubernetes) time: Duration,
}

impl WatchOptions {
    /// # Errors
    /// 422 with all refused values, 400 for an invalid number.
    pub(in crate::http::kubernetes) fn read(query: &GoQuery) -> Result<Self> {
        let sends_all = query.get("sendInitialEvents").map(|_| query.flag("sendInitialEvents"));
        let mut causes = match_faults(sends_all, query.get("resourceVersionMatch"));
        let version = match query.get("resourceVersion").unwrap_or_default() {
            "" | "0" => None,
            text => text.parse().map_err(|_| causes.push(no_version(text))).ok(),
        };
        if !causes.is_empty() {
            return Err(StatusError::invalid("ListOptions.meta.k8s.io", "", causes));
        }
        let seconds = query.integer("timeoutSeconds").map_err(StatusError::bad_request)?;
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let time = seconds.filter(|seconds| *seconds > 0).map_or(TIME, Duration::from_secs);
        let bookmarks = query.flag("allowWatchBookmarks");
        Ok(Self {
            start: match (sends_all, version) {
                (Some(true), _) | (None, None) => Start::Everything,
                (Some(false), None) => Start::Now,
                (Some(false) | None, Some(version)) => Start::After(version),
            },
            bookmarks,
            marks_start: bookmarks && sends_all == Some(true),
            time: time.min(MAX_TIME),
        })
    }
}

fn match_faults(sends_all: Option<bool>, wanted: Option<&str>) -> Vec<StatusCause> {
    const NOT_OLDER: &str = "NotOlderThan";
    let wanted = wanted.unwrap_or_default();
    let cause =
        |reason, message: String| StatusCause { reason, message, field: "resourceVersionMatch" };
    let mut causes = Vec::new();
    if sends_all.is_some() && wanted != NOT_OLDER {
        let message = format!(
            "Forbidden: sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}"
        );
        causes.push(cause("FieldValueForbidden", message));
    }
    if sends_all.is_none() && !wanted.is_empty() {
        let message = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        causes.push(cause("FieldValueForbidden", message.to_owned()));
    }
    if !matches!(wanted, "" | NOT_OLDER) {
        let wanted = GoQuoted(wanted.as_bytes());
        let message = format!("Unsupported value: {wanted}: supported values: \"{NOT_OLDER}\"");
        causes.push(cause("FieldValueNotSupported", message));
    }
    causes
}

fn no_version(text: &str) -> StatusCause {
    let text = GoQuoted(text.as_bytes());
    let message =
        format!("Invalid value: {text}: strconv.ParseUint: parsing {text}: invalid syntax");
    StatusCause { reason: "FieldValueInvalid", message, field: "resourceVersion" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<WatchOptions> {
        WatchOptions::read(&GoQuery::parse(query))
    }

    #[test]
    fn the_resource_version_selects_the_first_events() {
        let initial = "resourceVersionMatch=NotOlderThan&sendInitialEvents";
        for (query, start) in [
            (String::new(), Start::Everything),
            ("resourceVersion=0".to_owned(), Start::Everything),
            ("resourceVersion=7".to_owned(), Start::After(7)),
            (format!("{initial}=true"), Start::Everything),
            (format!("{initial}=true&resourceVersion=7"), Start::Everything),
            (format!("{initial}=false"), Start::Now),
            (format!("{initial}=false&resourceVersion=7"), Start::After(7)),
        ] {
            assert_eq!(read(&query).unwrap().start, start, "{query}");
        }
    }

    #[test]
    fn only_a_bookmark_can_mark_where_the_start_ends() {
        let initial = "resourceVersionMatch=NotOlderThan&sendInitialEvents=true";
        assert!(!read(initial).unwrap().marks_start);
        assert!(read(&format!("{initial}&allowWatchBookmarks=true")).unwrap().marks_start);
        assert!(!read("allowWatchBookmarks=true").unwrap().marks_start);
    }

    #[test]
    fn a_watch_is_bounded_in_time() {
        for (seconds, expected) in [
            ("0", TIME),
            ("-1", TIME),
            ("5", Duration::from_secs(5)),
            ("9223372036854775807", MAX_TIME),
        ] {
            let options = read(&format!("timeoutSeconds={seconds}")).unwrap();
            assert_eq!(options.time, expected, "{seconds}");
        }
        assert!(read("timeoutSeconds=x").is_err());
    }

    #[test]
    fn conflicting_options_are_refused_in_the_api_servers_words() {
        for (query, message) in [
            (
                "sendInitialEvents=true",
                "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ),
            (
                "resourceVersionMatch=NotOlderThan",
                "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ),
            (
                "resourceVersion=x",
                r#"resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax"#,
            ),
        ] {
            let expected = format!("ListOptions.meta.k8s.io \"\" is invalid: {message}");
            assert_eq!(read(query).unwrap_err().to_string(), expected);
        }
    }
}
