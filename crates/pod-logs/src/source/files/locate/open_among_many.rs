//! Opens one of the logs of many pods.

use chrono::{DateTime, Utc};

use super::{finder::LogFinder, locate_error::LocateError, selected_logs::from_first_line};
use crate::{
    cursor::{Cursor, merged_cursor::ReadEntry},
    line::target::{ContainerName, LogName},
    query::{Anchor, LogQuery},
    source::{
        files::{directory::pod_logs::PodLogs, lines::file_lines::FileLog},
        log_input::{LogInput, LogStart},
    },
};

/// Opens the log of a container. What is there of many logs is what there is: `None` if there is
/// nothing that is asked for.
pub(super) fn open_log(
    finder: &LogFinder,
    pod: &PodLogs<'_>,
    container: &ContainerName,
    query: &LogQuery,
) -> Result<Option<LogInput>, LocateError> {
    if_there(finder.find_in_incarnation(pod, container, query))
}

/// Opens a log behind the place that a cursor knows; behind what is left of it if that is gone.
/// `None` if nothing is left. `last` is the time of the last line.
pub(super) fn resume_log(
    finder: &LogFinder,
    pod: &PodLogs<'_>,
    name: &LogName,
    query: &LogQuery,
    entry: &ReadEntry,
    last: Option<DateTime<Utc>>,
) -> Result<Option<(LogInput, LogStart)>, LocateError> {
    let cursor = Cursor {
        pod: Cursor::pod_checksum(&name.pod),
        uid: name.uid.clone(),
        logs: vec![entry.position(&name.container)],
    };
    let at_place = LogQuery { anchor: Some(Anchor::After(cursor)), tail: None, ..query.clone() };
    match finder.find_in_incarnation(pod, &name.container, &at_place) {
        Ok(log) => return Ok(Some((LogInput::Files(log), LogStart::Here { last }))),
        Err(LocateError::CursorExpired) => {}
        Err(error) => drop(if_there(Err(error))?),
    }
    let rest = open_log(finder, pod, &name.container, &from_first_line(query))?;
    Ok(rest.map(|input| (input, LogStart::AfterLoss { last, entry: entry.clone() })))
}

fn if_there(log: Result<FileLog, LocateError>) -> Result<Option<LogInput>, LocateError> {
    use LocateError::{NoLog, NoPod, NoPrevious, NoRun, NotALog};
    match log {
        Ok(log) => Ok(Some(LogInput::Files(log))),
        Err(NoLog | NoPod | NoPrevious | NoRun | NotALog(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
