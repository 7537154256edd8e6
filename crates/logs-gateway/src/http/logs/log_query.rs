//! The query string of `/logs`, as the contract spells it.

mod content_parameters;
#[cfg(test)]
mod log_query_tests;

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use pod_logs::{
    Anchor, ContainerChoice, Cursor, History, InvalidCursor, InvalidName, LineFilter, LogQuery,
    OutputLimit, OutputStream,
};
use service_runtime::http::{Query, Result};

use self::content_parameters::{begin_of_volume, context, level, patterns, volume};
use crate::http::error::bad_cursor;

/// The parsed query string.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::http) struct LogRequest {
    pub(in crate::http) query: LogQuery,
    /// The history that is asked for in words.
    pub(in crate::http) history: Option<History>,
    /// Sent as an attachment.
    pub(in crate::http) download: bool,
}

/// Parses the parameters. `last_event` is a cursor from the header `Last-Event-ID`; `since` counts
/// back from `now`.
///
/// # Errors
/// 400 when a value cannot be parsed or a parameter is unknown or repeated, 422 when a value is
/// refused.
pub(in crate::http) fn log_request(
    mut query: Query,
    last_event: Option<&str>,
    now: DateTime<Utc>,
) -> Result<LogRequest> {
    let anchor = anchor(&mut query, last_event);
    let previous = flag(&mut query, "previous");
    let history = history(&mut query, previous);
    let mut chosen = LogQuery {
        container: container(&mut query),
        uid: query.get("uid", name),
        previous,
        run: run(&mut query, previous),
        history: history.unwrap_or_default(),
        filter: LineFilter {
            stream: stream(&mut query),
            since: since(&mut query, now),
            until: query.get("untilTime", instant),
            patterns: patterns(&mut query),
            level: level(&mut query),
            shows_levels: false,
            context: context(&mut query),
        },
        tail: tail(&mut query),
        limit: OutputLimit {
            bytes: at_least_one(&mut query, "limitBytes"),
            lines: at_least_one(&mut query, "limitLines"),
        },
        timestamps: flag(&mut query, "timestamps"),
        prefix: false,
        follow: flag(&mut query, "follow"),
        volume: volume(&mut query),
        anchor: None,
        is_of_many: false,
        for_front: false,
    };
    chosen.filter.since = chosen.filter.since.or_else(|| begin_of_volume(&chosen, now));
    let download = flag(&mut query, "download");
    refuse_contradictions(&mut query, &chosen, anchor.as_ref().ok().and_then(Option::as_ref));
    query.finish()?;
    let query = match anchor.map_err(|_| bad_cursor())? {
        Some(anchor) => beside(chosen, anchor)?,
        None => chosen,
    };
    Ok(LogRequest { query, history, download })
}

/// The cursor, and which lines beside it are requested. `last_event` is a cursor to continue after.
fn anchor(query: &mut Query, last_event: Option<&str>) -> Result<Option<Anchor>, InvalidCursor> {
    let after = query.take("after");
    let after = last_event.map(str::to_owned).or(after);
    let mut given = after.map(|after| (after, Anchor::After as fn(Cursor) -> Anchor));
    for (name, side) in [("before", Anchor::Before as fn(Cursor) -> Anchor), ("upto", Anchor::UpTo)]
    {
        let Some(text) = query.take(name) else { continue };
        if given.is_some() {
            query.faults().refuse(name, "cannot be combined with another cursor");
        }
        given.get_or_insert((text, side));
    }
    given.map(|(text, side)| Ok(side(Cursor::decode(&text)?))).transpose()
}

/// Refuses parameters that cannot both have an effect.
fn refuse_contradictions(query: &mut Query, chosen: &LogQuery, anchor: Option<&Anchor>) {
    let ends_at = match anchor {
        Some(Anchor::Before(_)) => Some("before"),
        Some(Anchor::UpTo(_)) => Some("upto"),
        Some(Anchor::After(_)) | None => None,
    };
    if let Some(name) = ends_at.filter(|_| chosen.follow) {
        query.faults().refuse(name, "cannot be combined with follow");
    }
    if chosen.filter.context > 0 && chosen.follow {
        query.faults().refuse("context", "cannot be combined with follow");
    }
    let has_context = chosen.filter.context > 0;
    let beside_volume =
        [("follow", chosen.follow), ("tail", chosen.tail.is_some()), ("context", has_context)];
    for (name, _) in
        beside_volume.iter().filter(|(_, is_given)| *is_given && chosen.volume.is_some())
    {
        query.faults().refuse("volume", format!("cannot be combined with {name}"));
    }
    if chosen.run.is_some() && chosen.history == History::All {
        query.faults().refuse("run", "cannot be combined with history=all");
    }
}

/// Restricts the query to one side of a cursor. After a cursor neither a tail nor a start has an
/// effect: the cursor says what the client has.
fn beside(mut query: LogQuery, anchor: Anchor) -> Result<LogQuery> {
    let uid = &anchor.cursor().uid;
    let is_of_run = |run| anchor.cursor().logs.iter().all(|log| log.restart == run);
    if query.uid.as_ref().is_some_and(|asked| asked != uid) || !query.run.is_none_or(is_of_run) {
        return Err(bad_cursor());
    }
    if matches!(anchor, Anchor::After(_)) {
        (query.tail, query.filter.since) = (None, None);
    }
    Ok(LogQuery { uid: Some(uid.clone()), anchor: Some(anchor), ..query })
}

/// Parses a Kubernetes name.
pub(in crate::http) fn name<T: FromStr<Err = InvalidName>>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(InvalidName::detail)
}

fn container(query: &mut Query) -> ContainerChoice {
    let choice = query.get("container", |text| match text {
        "*" => Ok(ContainerChoice::All),
        text => name(text).map(ContainerChoice::Named),
    });
    choice.unwrap_or_default()
}

/// `true` or `1`, or nothing after the name; `false` or `0`.
pub(super) fn flag(query: &mut Query, name: &str) -> bool {
    let flag = query.get(name, |text| match text {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("must be true or false"),
    });
    flag.unwrap_or_default()
}

/// The number of a run of the container.
fn run(query: &mut Query, previous: bool) -> Option<u32> {
    let number = whole_number(query, "run", 0)?;
    if previous {
        query.faults().refuse("run", "cannot be combined with previous");
    }
    let run = u32::try_from(number).ok();
    if run.is_none() {
        query.faults().refuse("run", "must be at most 4294967295");
    }
    run
}

fn stream(query: &mut Query) -> Option<OutputStream> {
    match query.take("stream")?.as_str() {
        "All" => None,
        "Stdout" => Some(OutputStream::Stdout),
        "Stderr" => Some(OutputStream::Stderr),
        _ => {
            query.faults().refuse("stream", "must be one of All, Stdout, Stderr");
            None
        }
    }
}

fn tail(query: &mut Query) -> Option<u64> {
    let alias = whole_number(query, "tail", 0);
    if alias.is_some() && query.has("tailLines") {
        query.faults().unreadable("tail", "is an alias of tailLines; give only one of them");
    }
    whole_number(query, "tailLines", 0).or(alias)
}

fn at_least_one(query: &mut Query, name: &str) -> Option<u64> {
    whole_number(query, name, 1)
}

fn whole_number(query: &mut Query, name: &str, least: i64) -> Option<u64> {
    let number = query.get(name, |text| text.parse::<i64>().map_err(|_| "must be an integer"))?;
    if number < least {
        query.faults().refuse(name, format!("must be at least {least}"));
    }
    u64::try_from(number).ok()
}

/// The start: an instant, or a duration before `now`.
fn since(query: &mut Query, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let names = ["sinceTime", "sinceSeconds", "since"];
    if names.iter().filter(|name| query.has(name)).count() > 1 {
        for name in names {
            if query.take(name).is_some() {
                query.faults().refuse(name, "cannot be combined with another form of since");
            }
        }
        return None;
    }
    let time = query.get("sinceTime", instant);
    let seconds = at_least_one(query, "sinceSeconds").map(i64::try_from).and_then(Result::ok);
    let ago = query.get("since", ago);
    let length = ago.or(seconds.and_then(TimeDelta::try_seconds));
    // A duration that reaches before the first instant means everything.
    let before_now = |length| now.checked_sub_signed(length).unwrap_or(DateTime::<Utc>::MIN_UTC);
    time.or(length.map(before_now))
}

fn ago(text: &str) -> Result<TimeDelta, &'static str> {
    let duration = humantime::parse_duration(text).ok();
    duration
        .and_then(|duration| TimeDelta::from_std(duration).ok())
        .ok_or("must be a duration like 90s, 30m or 12h")
}

fn instant(text: &str) -> Result<DateTime<Utc>, &'static str> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|_| "must be a time like 2026-11-01T10:00:00Z (RFC 3339)")
}

fn history(query: &mut Query, previous: bool) -> Option<History> {
    let history = match query.take("history")?.as_str() {
        "rotated" => History::Rotated,
        "current" => History::Current,
        "all" => History::All,
        _ => {
            query.faults().refuse("history", "must be one of current, rotated, all");
            return None;
        }
    };
    if history == History::All && previous {
        query.faults().refuse("history", "must not be all together with previous");
    }
    Some(history)
}
