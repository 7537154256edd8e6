//! Which containers and runs a query is about.

use k8s_openapi::api::core::v1::Pod;

use super::{
    api::{
        api_server::ApiServer,
        container_runs::{
            ContainerRun, RunFound, RunId, containers_of, main_containers_of, run_of,
        },
    },
    container_log::ContainerLog,
    feed::{line_place::LinePlace, line_tracker::LineTracker, log_feed::FeedStart},
    lines::api_lines::UntilLine,
};
use crate::{
    line::target::{ContainerName, LogName, PodUid},
    query::{Anchor, ContainerChoice, LogQuery},
    source::files::locate::locate_error::LocateError,
};

/// Where the log of a container is to be begun.
pub(super) fn begin_of(
    server: &ApiServer,
    pod: &Pod,
    name: LogName,
    query: &LogQuery,
) -> Result<ContainerLog, LocateError> {
    let container = &name.container;
    let mut waits_for = String::new();
    let runs = [false, true].map(|previous| match run_of(pod, container, previous) {
        RunFound::Run(run) => Some(run),
        RunFound::Waiting(reason) => {
            waits_for = reason;
            None
        }
        RunFound::None => None,
    });
    let position = query.anchor.as_ref().and_then(|anchor| anchor.cursor().position_in(container));
    let place = position.and_then(|position| position.line);
    // Before its first run nothing was known of the container.
    let place = place.filter(|place| *place != LinePlace::beginning(RunId::default()));
    let levels = position.map(|position| position.levels).unwrap_or_default();
    let is_wanted = |run: &ContainerRun| match (place, query.run) {
        (Some(place), _) => run.id == place.run,
        (None, Some(restart)) => run.restart == restart,
        (None, None) => true,
    };
    let wanted = runs.iter().position(|run| run.as_ref().is_some_and(is_wanted));
    let [present, before] = runs;
    let of_run = |run: Option<ContainerRun>, is_previous| {
        let id = run.as_ref().map(|run| run.id).unwrap_or_default();
        let begun = place.filter(|place| place.run == id && !place.is_beginning());
        let tracker = LineTracker::new(id, begun);
        let waits_for = waits_for.clone();
        FeedStart { run, is_previous, tracker, is_after_loss: false, waits_for }
    };
    let ends = query.anchor.as_ref().is_some_and(|anchor| anchor.end().is_some());
    let mut start = match (query.previous, wanted) {
        (true, _) if before.is_none() => return Err(LocateError::NoPrevious),
        (true, _) | (false, Some(1)) => of_run(before, true),
        (false, Some(_)) => of_run(present, false),
        (false, None) if ends => return Err(LocateError::CursorExpired),
        (false, None) if query.run.is_some() => return Err(LocateError::NoRun),
        (false, None) => FeedStart { is_after_loss: place.is_some(), ..of_run(present, false) },
    };
    let until = place.filter(|_| ends).map(|place| UntilLine {
        place,
        is_inclusive: query
            .anchor
            .as_ref()
            .is_some_and(|anchor| anchor.includes_line_of(container)),
    });
    if until.is_some() {
        let id = start.run.as_ref().map(|run| run.id).unwrap_or_default();
        start.tracker = LineTracker::new(id, None);
    }
    Ok(ContainerLog { server: server.clone(), name, start, until, levels, group: None })
}

/// Checks that the cursor of a query is one of this pod and this kind of source.
pub(super) fn check_cursor(query: &LogQuery, uid: &PodUid) -> Result<(), LocateError> {
    let Some(cursor) = query.anchor.as_ref().map(Anchor::cursor) else {
        return Ok(());
    };
    match cursor.logs.iter().all(|log| log.line.is_some()) {
        false => Err(LocateError::BadCursor),
        true if cursor.uid != *uid => Err(LocateError::CursorExpired),
        true => Ok(()),
    }
}

/// The containers that a query is about.
pub(super) fn choose(pod: &Pod, query: &LogQuery) -> Result<Vec<ContainerName>, LocateError> {
    let there = containers_of(pod);
    let mut chosen = match &query.container {
        ContainerChoice::Named(name) if there.contains(name) => vec![name.clone()],
        ContainerChoice::Named(_) => return Err(LocateError::NoContainer(there)),
        ContainerChoice::All => there.clone(),
        ContainerChoice::Only if there.is_empty() => return Err(LocateError::NoLog),
        ContainerChoice::Only if main_containers_of(pod) > 1 => {
            return Err(LocateError::ContainerRequired(there));
        }
        ContainerChoice::Only => there[..1].to_vec(),
    };
    let Some(anchor) = &query.anchor else {
        return Ok(chosen);
    };
    if !anchor.cursor().logs.iter().all(|log| chosen.contains(&log.container)) {
        return Err(LocateError::BadCursor);
    }
    if let Some(cursor) = anchor.end() {
        // A container that the cursor does not know has given nothing before it.
        let has_given = |name: &ContainerName| {
            let line = cursor.position_in(name).and_then(|position| position.line);
            line.is_some_and(|line| !line.is_instant())
        };
        chosen.retain(has_given);
    }
    Ok(chosen)
}
