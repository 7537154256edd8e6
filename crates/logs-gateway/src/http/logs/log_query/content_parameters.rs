//! Parameters about what lines say, and how many say it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pod_logs::{BadPattern, Level, LinePatterns, LogQuery, UnknownLevel, VolumeInterval};
use service_runtime::http::Query;

use super::whole_number;

/// How many lines may be asked for on each side of a match.
const MAX_CONTEXT: u64 = 50;

/// The regular expressions that choose lines, if there are any.
pub(super) fn patterns(query: &mut Query) -> Option<Arc<LinePatterns>> {
    let (grep, exclude) = (query.take_all("grep"), query.take_all("exclude"));
    if grep.is_empty() && exclude.is_empty() {
        return None;
    }
    LinePatterns::new(&grep, &exclude)
        .map_err(|BadPattern { excludes, error }| {
            let parameter = if excludes { "exclude" } else { "grep" };
            query.faults().refuse_as("bad_pattern", parameter, error.to_string());
        })
        .map(Arc::new)
        .ok()
}

/// The least level.
pub(super) fn level(query: &mut Query) -> Option<Level> {
    let level = query.take("level")?.parse();
    level.map_err(|fault: UnknownLevel| query.faults().refuse("level", fault.to_string())).ok()
}

/// How many lines around each match; 0 if absent.
pub(super) fn context(query: &mut Query) -> usize {
    let lines = whole_number(query, "context", 0).unwrap_or_default();
    if lines > MAX_CONTEXT {
        query.faults().refuse("context", format!("must be at most {MAX_CONTEXT}"));
    }
    lines.min(MAX_CONTEXT) as usize
}

/// The length of the intervals in which lines are counted.
pub(super) fn volume(query: &mut Query) -> Option<VolumeInterval> {
    let length = query.get("volume", |text| {
        humantime::parse_duration(text).map_err(|_| "must be a duration like 90s, 30m or 12h")
    })?;
    let interval = VolumeInterval::new(length);
    if interval.is_none() {
        query.faults().refuse("volume", "must be at least a millisecond, and not endless");
    }
    interval
}

/// Where a volume begins if the query does not say it.
pub(super) fn begin_of_volume(query: &LogQuery, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(query.volume?.begin_of_last(query.filter.until.unwrap_or(now)))
}
