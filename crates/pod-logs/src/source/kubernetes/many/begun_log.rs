//! Where the log of a container begins among others.

use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::Pod;

use crate::{
    cursor::{
        Cursor,
        merged_cursor::{EntryPlace, LogEntry, ReadEntry},
    },
    line::{
        filter::levels_before::LevelsBefore,
        target::{ContainerName, LogName},
    },
    query::{Anchor, LogQuery},
    source::{
        files::locate::{locate_error::LocateError, selected_logs::from_first_line},
        kubernetes::{
            api::container_runs::{ContainerRun, RunFound, RunId, run_of},
            choice::begin_of,
            container_log::ContainerLog,
            feed::{line_place::LinePlace, line_tracker::LineTracker, log_feed::FeedStart},
            many::selecting::ManySource,
        },
        log_input::LogStart,
    },
};

/// Where a log is to be begun.
#[derive(Debug, Clone)]
pub(super) enum LogBegin {
    /// Where the query says.
    AsAsked,
    /// With its first line: it was not known before.
    AtFirstLine,
    /// Behind what a cursor knows of it. `last` is the time of its last line.
    Behind { entry: ReadEntry, last: Option<DateTime<Utc>> },
    /// Behind the lines up to this instant: it could not be read before.
    From(DateTime<Utc>),
}

/// A log, where it begins, and the query that asks for it in this way.
#[derive(Debug, Clone)]
pub(super) struct BegunLog {
    pub(super) log: ContainerLog,
    pub(super) start: LogStart,
    pub(super) query: LogQuery,
}

impl LogBegin {
    /// The log of a container as its pod shows it. `None` if there is nothing to read.
    pub(super) fn of(
        &self,
        source: &ManySource,
        pod: &Pod,
        name: LogName,
        query: &LogQuery,
    ) -> Result<Option<BegunLog>, LocateError> {
        match self {
            Self::AsAsked => as_asked(source, pod, name, query.clone()),
            Self::AtFirstLine if query.previous || query.run.is_some() => {
                as_asked(source, pod, name, from_first_line(query))
            }
            Self::AtFirstLine => Ok(at_first_line(source, pod, name, query)),
            Self::Behind { entry, .. } if *entry == unknown_entry() => {
                Ok(at_first_line(source, pod, name, query))
            }
            Self::Behind { entry, last } => behind(source, pod, name, query, entry, *last),
            Self::From(instant) => Ok(from(source, pod, name, query, *instant)),
        }
    }

    /// Whether a cursor knows lines of the log.
    pub(super) fn is_behind(&self) -> bool {
        matches!(self, Self::Behind { .. })
    }

    /// How a cursor knows the log that is begun so.
    pub(super) fn entry(self) -> Option<LogEntry> {
        match self {
            Self::AsAsked | Self::AtFirstLine => None,
            Self::Behind { entry, .. } => Some(LogEntry::Read(entry)),
            Self::From(_) => Some(LogEntry::Forbidden),
        }
    }
}

fn as_asked(
    source: &ManySource,
    pod: &Pod,
    name: LogName,
    query: LogQuery,
) -> Result<Option<BegunLog>, LocateError> {
    use LocateError::{NoPrevious, NoRun};
    let log = match begin_of(&source.server, pod, name, &query) {
        Ok(log) => source.share(log),
        Err(NoPrevious | NoRun) => return Ok(None),
        Err(error) => return Err(error),
    };
    let has_log = log.start.run.is_some();
    let start = LogStart::Here { last: None };
    Ok(has_log.then_some(BegunLog { log, start, query }))
}

fn at_first_line(
    source: &ManySource,
    pod: &Pod,
    name: LogName,
    query: &LogQuery,
) -> Option<BegunLog> {
    let (run, is_previous) = first_run(pod, &name.container)?;
    let start = match run.restart {
        0 => LogStart::Here { last: None },
        // Those of the runs before are gone.
        _ => LogStart::AfterLoss { last: None, entry: unknown_entry() },
    };
    let tracker = LineTracker::new(run.id, None);
    let log = source.log_at(name, run, is_previous, tracker);
    Some(BegunLog { log, start, query: from_first_line(query) })
}

fn from(
    source: &ManySource,
    pod: &Pod,
    name: LogName,
    query: &LogQuery,
    instant: DateTime<Utc>,
) -> Option<BegunLog> {
    let RunFound::Run(run) = run_of(pod, &name.container, false) else { return None };
    let place = LinePlace::behind_instant(run.id, instant);
    let tracker = LineTracker::new(run.id, Some(place));
    let log = source.log_at(name, run, false, tracker);
    let start = LogStart::Here { last: None };
    Some(BegunLog { log, start, query: from_first_line(query) })
}

fn behind(
    source: &ManySource,
    pod: &Pod,
    name: LogName,
    query: &LogQuery,
    entry: &ReadEntry,
    last: Option<DateTime<Utc>>,
) -> Result<Option<BegunLog>, LocateError> {
    let cursor = Cursor {
        pod: Cursor::pod_checksum(&name.pod),
        uid: name.uid.clone(),
        logs: vec![entry.position(&name.container)],
    };
    let query = LogQuery { anchor: Some(Anchor::After(cursor)), tail: None, ..query.clone() };
    let Some(mut begun) = as_asked(source, pod, name, query)? else {
        return Ok(None);
    };
    begun.start = match std::mem::take(&mut begun.log.start.is_after_loss) {
        true => LogStart::AfterLoss { last, entry: entry.clone() },
        false => LogStart::Here { last },
    };
    Ok(Some(begun))
}

/// The first run of which there is a log, and whether it is over and another one has begun.
fn first_run(pod: &Pod, container: &ContainerName) -> Option<(ContainerRun, bool)> {
    let RunFound::Run(present) = run_of(pod, container, false) else { return None };
    match run_of(pod, container, true) {
        RunFound::Run(before) if before.id != present.id => Some((before, true)),
        _ => Some((present, false)),
    }
}

/// How a cursor knows a log of which nothing was given, and whose first lines are gone.
fn unknown_entry() -> ReadEntry {
    let place = Some(EntryPlace::AtLine(LinePlace::beginning(RunId::default())));
    ReadEntry { restart: 0, place, age: None, levels: LevelsBefore::default() }
}

impl ManySource {
    fn log_at(
        &self,
        name: LogName,
        run: ContainerRun,
        is_previous: bool,
        tracker: LineTracker,
    ) -> ContainerLog {
        let run = Some(run);
        let waits_for = String::new();
        let start = FeedStart { run, is_previous, tracker, is_after_loss: false, waits_for };
        let levels = LevelsBefore::default();
        let server = self.server.clone();
        self.share(ContainerLog { server, name, start, until: None, levels, group: None })
    }

    fn share(&self, log: ContainerLog) -> ContainerLog {
        ContainerLog { group: Some(self.group.clone()), ..log }
    }
}
