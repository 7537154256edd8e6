//! The query string of `/pods`.

use std::{ops::RangeInclusive, time::Duration};

use service_runtime::{
    http::{Query, Result},
    settings::duration,
};
use shared_types::NameGlobs;

use crate::pods::PodChoice;

/// The shortest and the longest time between two heartbeats.
const HEARTBEATS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);

/// The parsed query string.
#[derive(Debug)]
pub(super) struct PodsRequest {
    pub(super) choice: PodChoice,
    pub(super) heartbeat: Option<Duration>,
}

/// Parses the parameters; `is_stream` if events are requested.
///
/// # Errors
/// 400 when a value cannot be parsed or a parameter is unknown or repeated, 422 when a value is
/// refused.
pub(super) fn pods_request(mut query: Query, is_stream: bool) -> Result<PodsRequest> {
    let mut globs =
        |name: &str| query.get(name, |text| text.parse::<NameGlobs>().map_err(|_| MUST_BE_GLOBS));
    let choice = PodChoice { namespace: globs("namespace"), pod: globs("pod") };
    let heartbeat = query.get("heartbeat", duration);
    if heartbeat.is_some() && !is_stream {
        query.faults().refuse("heartbeat", "is for event streams");
    }
    if heartbeat.is_some_and(|heartbeat| !HEARTBEATS.contains(&heartbeat)) {
        query.faults().refuse("heartbeat", "must be between 1s and 60s");
    }
    query.finish()?;
    Ok(PodsRequest { choice, heartbeat })
}

const MUST_BE_GLOBS: &str = "must be names, in which * and ? match, separated by commas";
