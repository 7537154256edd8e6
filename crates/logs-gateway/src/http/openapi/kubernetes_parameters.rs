//! The parameters of the Kubernetes API. Unknown ones are ignored, as the API server does.

use service_runtime::http::openapi::{integer, path_parameter, query_parameter, text, text_in};
use utoipa::openapi::path::Parameter;

use super::log_parameters::{flag, instant};

pub(super) fn namespace() -> Parameter {
    path_parameter("namespace", "The namespace.", text(), "shop")
}

pub(super) fn pod() -> Parameter {
    path_parameter("pod", "The name of the pod.", text(), "web-0")
}

/// Those of lists and watches (`ListOptions`).
pub(super) fn list_parameters() -> Vec<Parameter> {
    vec![
        query_parameter("labelSelector", "Only objects with such labels.", text(), "app=web"),
        query_parameter(
            "fieldSelector",
            "Only objects with such fields.",
            text(),
            "metadata.name=web-0",
        ),
        query_parameter("limit", "How many objects a page has.", integer(0, i64::MAX), 500),
        query_parameter("continue", "The `metadata.continue` of the page before.", text(), ""),
        query_parameter("watch", "Changes as they happen, an object a line.", flag(), false),
        query_parameter("resourceVersion", "Of a watch: changes after this version.", text(), "0"),
        query_parameter(
            "resourceVersionMatch",
            "Of a watch, with `sendInitialEvents`.",
            text_in(["NotOlderThan"]),
            "NotOlderThan",
        ),
        query_parameter("sendInitialEvents", "Of a watch: all objects first.", flag(), true),
        query_parameter("allowWatchBookmarks", "Of a watch: bookmarks as well.", flag(), true),
        query_parameter(
            "timeoutSeconds",
            "How long a watch lasts, 30 minutes if absent.",
            integer(0, 43_200),
            60,
        ),
    ]
}

/// Those of a log (`PodLogOptions`), and our own: `history`, `untilTime`, `grep`,
/// `exclude` and `level`.
pub(super) fn log_parameters() -> Vec<Parameter> {
    let time = "2027-01-15T08:00:00Z";
    vec![
        query_parameter("container", "Needed where there are several.", text(), "app"),
        query_parameter("follow", "Lines as they are written.", flag(), false),
        query_parameter("previous", "The run before the current one.", flag(), false),
        query_parameter("timestamps", "The time before each line.", flag(), false),
        query_parameter("tailLines", "Only the last lines.", integer(0, i64::MAX), 100),
        query_parameter("limitBytes", "At most so many bytes.", integer(1, i64::MAX), 1_000_000),
        query_parameter("sinceSeconds", "Only newer lines.", integer(1, i64::MAX), 3600),
        query_parameter("sinceTime", "Only lines from this instant on.", instant(), time),
        query_parameter("untilTime", "Only lines before this instant.", instant(), time),
        query_parameter(
            "stream",
            "Only the lines of one stream.",
            text_in(["All", "Stdout", "Stderr"]),
            "All",
        ),
        query_parameter(
            "history",
            "The current file (the default), rotated files as well, or all runs.",
            text_in(["current", "rotated", "all"]),
            "current",
        ),
        query_parameter(
            "grep",
            "Only lines that this regular expression matches; repeatable. With it, partial lines \
             are joined.",
            text(),
            "error|timeout",
        ),
        query_parameter(
            "exclude",
            "No lines that this regular expression matches; repeatable. With it, partial lines \
             are joined.",
            text(),
            "healthz",
        ),
        query_parameter(
            "level",
            "Only lines of this level or a higher one. With it, partial lines are joined.",
            text_in(["trace", "debug", "info", "warn", "error", "fatal"]),
            "warn",
        ),
    ]
}
