//! The parameters of a log, as `log_query` reads them.

use service_runtime::http::openapi::{header_parameter, integer, query_parameter, text, text_in};
use utoipa::openapi::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type, path::Parameter};

/// The query parameters that every log has, and the header to resume by.
pub(super) fn log_parameters() -> Vec<Parameter> {
    let time = "2027-01-15T08:00:00Z";
    let cursor = "The `cursor` of a line, of an earlier reading of the same log.";
    vec![
        query_parameter(
            "container",
            "The container; `*` is all of them, merged by time. Needed where there are several.",
            text(),
            "app",
        ),
        query_parameter("uid", "Only the pod with this uid.", text(), "5f0c"),
        query_parameter("previous", "The run before the current one.", flag(), false),
        query_parameter(
            "run",
            "One run, by its count of restarts.",
            integer(0, u32::MAX.into()),
            2,
        ),
        query_parameter(
            "history",
            "The current file, rotated files of the same run as well (the default), or all runs.",
            text_in(["current", "rotated", "all"]),
            "rotated",
        ),
        query_parameter(
            "stream",
            "Only the lines of one stream.",
            text_in(["All", "Stdout", "Stderr"]),
            "Stderr",
        ),
        query_parameter(
            "grep",
            "Only lines that this regular expression matches; repeatable, and then all must match.",
            text(),
            "error|timeout",
        ),
        query_parameter(
            "exclude",
            "No lines that this regular expression matches; repeatable.",
            text(),
            "healthz",
        ),
        query_parameter(
            "level",
            "Only lines of this level or a higher one. A line that shows no level and continues the \
             one before has its level.",
            text_in(["trace", "debug", "info", "warn", "error", "fatal"]),
            "warn",
        ),
        query_parameter(
            "context",
            "So many lines before and after each line that is chosen by its text or level; not \
             with `follow`.",
            integer(0, 50),
            3,
        ),
        query_parameter(
            "volume",
            "Instead of lines, how many there are in each interval of this length; as NDJSON or \
             events. Not with `follow`, `tail` or `context`.",
            text(),
            "1m",
        ),
        query_parameter("sinceTime", "Only lines from this instant on.", instant(), time),
        query_parameter("sinceSeconds", "The same, this long ago.", integer(1, i64::MAX), 3600),
        query_parameter("since", "The same as a duration.", text(), "90s"),
        query_parameter("untilTime", "Only lines before this instant.", instant(), time),
        query_parameter("tailLines", "Only the last lines.", integer(0, i64::MAX), 100),
        query_parameter("tail", "Another name of `tailLines`.", integer(0, i64::MAX), 100),
        query_parameter("limitBytes", "At most so many bytes.", integer(1, i64::MAX), 1_000_000),
        query_parameter("limitLines", "At most so many lines.", integer(1, i64::MAX), 1000),
        query_parameter("timestamps", "The time before each line of text.", flag(), false),
        query_parameter(
            "follow",
            "Lines as they are written, until the token ends.",
            flag(),
            false,
        ),
        query_parameter("after", &format!("{cursor} Lines after it."), text(), "AQ"),
        query_parameter("before", &format!("{cursor} Lines before it."), text(), "AQ"),
        query_parameter("upto", &format!("{cursor} Lines up to it, with it."), text(), "AQ"),
        query_parameter("download", "As a file to be saved.", flag(), false),
        header_parameter(
            "Last-Event-ID",
            "The id of the last event that arrived: lines after it, as with `after`.",
            text(),
            "AQ",
        ),
    ]
}

/// The query parameters of logs of many pods, apart from those that select them.
pub(super) fn many_log_parameters() -> Vec<Parameter> {
    let of_one_log = ["container", "uid", "context", "after", "before", "upto"];
    let cursor = "A `cursor` record of an earlier reading with the same `pod`, `namespace` and \
                  `container`: lines after it.";
    let mut parameters = log_parameters();
    parameters.retain(|parameter| !of_one_log.contains(&&*parameter.name));
    parameters.extend([
        query_parameter("container", "Only containers of this name.", text(), "app"),
        query_parameter("after", cursor, text(), "AQ"),
        query_parameter(
            "prefix",
            "Lines of text begin with their namespace, pod and container (the default).",
            flag(),
            false,
        ),
        query_parameter(
            "labelSelector",
            "Only pods with such labels. Refused where the source knows no labels.",
            text(),
            "app=web",
        ),
    ]);
    parameters
}

pub(super) fn flag() -> Object {
    Object::with_type(Type::Boolean)
}

pub(super) fn instant() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .build()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use service_runtime::http::{Problem, Query};
    use utoipa::openapi::path::ParameterIn;

    use super::*;
    use crate::http::logs::{log_request, many_request};

    #[test]
    fn every_documented_parameter_of_many_logs_is_read() {
        for parameter in many_log_parameters() {
            if parameter.parameter_in != ParameterIn::Query {
                continue;
            }
            let query = Query::parse(&format!("pod=*&{}={}", parameter.name, example(&parameter)));
            let problem = many_request(query, None, DateTime::UNIX_EPOCH, true).err();
            let expected = match &*parameter.name {
                "after" => Some("bad_cursor"),
                _ => None,
            };
            assert_eq!(problem.as_ref().map(Problem::code), expected, "{}", parameter.name);
        }
    }

    fn example(parameter: &Parameter) -> String {
        let parameter = serde_json::to_value(parameter).unwrap();
        let example = &parameter["schema"]["examples"][0];
        example.as_str().map_or_else(|| example.to_string(), str::to_owned)
    }

    #[test]
    fn every_documented_parameter_is_read() {
        for parameter in log_parameters() {
            if parameter.parameter_in != ParameterIn::Query {
                continue;
            }
            let query = Query::parse(&format!("{}={}", parameter.name, example(&parameter)));
            let problem = log_request(query, None, DateTime::UNIX_EPOCH).err();
            let code = problem.as_ref().map(Problem::code);
            let expected =
                matches!(&*parameter.name, "after" | "before" | "upto").then_some("bad_cursor");
            assert_eq!(code, expected, "{}", parameter.name);
        }
    }
}
