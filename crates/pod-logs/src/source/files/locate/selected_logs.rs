//! Finds the logs of many pods.

use std::{collections::BTreeSet, io, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    finder::LogFinder,
    locate_error::LocateError,
    log_selection::LogSelection,
    open_among_many::{open_log, resume_log},
};
use crate::{
    cursor::{
        log_key::LogKey,
        merged_cursor::{LogEntry, MergedCursor},
    },
    line::target::{ContainerName, LogName, PodRef},
    query::{History, LogQuery},
    source::{
        files::directory::{open_failure::if_readable, pod_logs::PodLogs},
        known_logs::{KnownLogs, Membership},
        log_input::{LogStart, ManyInput},
    },
};

/// The logs that were selected, opened.
#[derive(Debug, Default)]
pub(crate) struct SelectedLogs {
    pub(crate) inputs: Vec<ManyInput>,
    pub(crate) known: KnownLogs,
    /// Those that are too many.
    pub(crate) skipped: Vec<Arc<LogName>>,
    /// Those that the source does not give at present.
    pub(crate) failed: Vec<FailedLog>,
    /// The times of the last lines of logs that the cursor knows and that are gone.
    pub(crate) lost: Vec<Option<DateTime<Utc>>>,
    /// Logs that the cursor knows and that are not there. A front asks other nodes for them.
    pub(crate) unknown: Vec<LogKey>,
    /// The greatest time of a line that was given before.
    pub(crate) watermark: Option<DateTime<Utc>>,
}

/// A log that the source does not give at present.
#[derive(Debug)]
pub(crate) struct FailedLog {
    pub(crate) key: LogKey,
    pub(crate) name: Arc<LogName>,
    /// The status with which the source answers, if at all.
    pub(crate) status: Option<u16>,
    /// How the cursor knows the log.
    pub(crate) entry: Option<LogEntry>,
}

/// Why the logs of many pods cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// More containers have a log than may be read at once.
    #[error("too many logs")]
    TooManyLogs,
    /// One of the logs cannot be read.
    #[error(transparent)]
    Locate(#[from] LocateError),
}

impl From<io::Error> for SelectError {
    fn from(error: io::Error) -> Self {
        Self::Locate(error.into())
    }
}

impl LogFinder {
    /// Opens the logs that are selected, each behind what the cursor says of it.
    pub(crate) fn find_selected(
        &self,
        selection: &LogSelection,
        query: &LogQuery,
        resumed: Option<&MergedCursor>,
    ) -> Result<SelectedLogs, SelectError> {
        if resumed.is_some_and(MergedCursor::is_of_api_server) {
            return Err(LocateError::BadCursor.into());
        }
        let mut selecting = Selecting {
            finder: self,
            selection,
            query,
            resumed,
            selected: SelectedLogs::default(),
            found: BTreeSet::new(),
        };
        let pods = self.pod_names(&*selection.includes)?;
        // The logs that the cursor knows take their places first.
        if resumed.is_some() {
            for pod in &pods {
                selecting.resume_pod(pod, &self.incarnations_of(pod)?)?;
            }
        }
        for pod in &pods {
            selecting.add_pod(pod, &self.incarnations_of(pod)?)?;
        }
        Ok(selecting.finish())
    }
}

/// A selection in progress.
struct Selecting<'a> {
    finder: &'a LogFinder,
    selection: &'a LogSelection,
    query: &'a LogQuery,
    resumed: Option<&'a MergedCursor>,
    selected: SelectedLogs,
    /// The logs of the cursor that are there.
    found: BTreeSet<LogKey>,
}

impl Selecting<'_> {
    /// Opens the logs of a pod that the cursor knows.
    fn resume_pod(
        &mut self,
        pod: &PodRef,
        incarnations: &[PodLogs<'_>],
    ) -> Result<(), SelectError> {
        let Some(cursor) = self.resumed else { return Ok(()) };
        let may_read = (self.selection.may_read)(pod);
        for pod in incarnations {
            for container in containers(pod, self.selection)? {
                let name = name_of(pod, &container);
                let key = LogKey::of(&name);
                let Some(entry) = cursor.logs.get(&key) else { continue };
                self.found.insert(key);
                match may_read {
                    true => self.resume(pod, key, &name, cursor, entry)?,
                    false => self.hide(key, &name, Some((cursor, entry))),
                }
            }
        }
        Ok(())
    }

    /// Opens the logs of a pod that the cursor does not know, or all without one.
    fn add_pod(&mut self, pod: &PodRef, incarnations: &[PodLogs<'_>]) -> Result<(), SelectError> {
        let may_read = (self.selection.may_read)(pod);
        let last = incarnations.len().saturating_sub(1);
        let first_new = match self.resumed {
            None if self.query.history == History::All => 0,
            None => last,
            // Incarnations from before those that the cursor knows were not asked for.
            Some(_) => self.last_known(incarnations)?.unwrap_or(0),
        };
        for (index, pod) in incarnations.iter().enumerate() {
            for container in containers(pod, self.selection)? {
                let name = name_of(pod, &container);
                let key = LogKey::of(&name);
                if self.found.contains(&key) {
                    continue;
                }
                match may_read {
                    true if index >= first_new => self.open(pod, key, &name)?,
                    true => {}
                    false => self.hide(key, &name, None),
                }
            }
        }
        Ok(())
    }

    /// The last of the incarnations that the cursor knows a log of.
    fn last_known(&self, incarnations: &[PodLogs<'_>]) -> io::Result<Option<usize>> {
        let Some(cursor) = self.resumed else { return Ok(None) };
        for (index, pod) in incarnations.iter().enumerate().rev() {
            let names = containers(pod, self.selection)?;
            let mut keys = names.iter().map(|name| LogKey::of(&name_of(pod, name)));
            if keys.any(|key| cursor.logs.contains_key(&key)) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn open(&mut self, pod: &PodLogs<'_>, key: LogKey, name: &LogName) -> Result<(), SelectError> {
        let is_joining = self.resumed.is_some();
        if self.selected.known.get(key).is_some() {
            // Two logs with the same key would be the same entry of a cursor.
            return Ok(());
        }
        let is_full = self.selected.inputs.len() >= self.selection.max_logs;
        if is_full && has_log(pod, &name.container)? {
            if !is_joining {
                return Err(SelectError::TooManyLogs);
            }
            self.selected.known.set(key, name, Membership::Skipped);
            self.selected.skipped.push(Arc::new(name.clone()));
            return Ok(());
        }
        let query = if is_joining { &from_first_line(self.query) } else { self.query };
        if let Some(input) = open_log(self.finder, pod, &name.container, query)? {
            self.add(
                key,
                name,
                ManyInput { input, key: Some(key), start: LogStart::Here { last: None } },
            );
        }
        Ok(())
    }

    fn resume(
        &mut self,
        pod: &PodLogs<'_>,
        key: LogKey,
        name: &LogName,
        cursor: &MergedCursor,
        entry: &LogEntry,
    ) -> Result<(), SelectError> {
        let (finder, query) = (self.finder, self.query);
        let found = match entry {
            LogEntry::Skipped => {
                self.selected.known.set(key, name, Membership::Skipped);
                return Ok(());
            }
            LogEntry::Forbidden => {
                let query = from_first_line(query);
                let input = open_log(finder, pod, &name.container, &query)?;
                input.map(|input| (input, LogStart::AtEnd))
            }
            LogEntry::Read(read) => {
                let last = cursor.last_time_of(read);
                let resumed = resume_log(finder, pod, name, query, read, last)?;
                if resumed.is_none() {
                    self.selected.lost.push(last);
                }
                resumed
            }
        };
        if let Some((input, start)) = found {
            self.add(key, name, ManyInput { input, key: Some(key), start });
        }
        Ok(())
    }

    /// Notes a log that may not be read. To the caller it is the same as one that is gone.
    fn hide(&mut self, key: LogKey, name: &LogName, known: Option<(&MergedCursor, &LogEntry)>) {
        let membership = match known {
            Some((_, LogEntry::Skipped)) => Membership::Skipped,
            Some((_, LogEntry::Forbidden)) => Membership::Forbidden,
            Some((cursor, LogEntry::Read(read))) => {
                self.selected.lost.push(cursor.last_time_of(read));
                Membership::Forbidden
            }
            None => Membership::Hidden,
        };
        self.selected.known.set(key, name, membership);
    }

    fn add(&mut self, key: LogKey, name: &LogName, input: ManyInput) {
        self.selected.known.set(key, name, Membership::Open);
        self.selected.inputs.push(input);
    }

    /// Adds the logs of the cursor that were not there.
    fn finish(mut self) -> SelectedLogs {
        if let Some(cursor) = self.resumed {
            self.selected.watermark = cursor.watermark;
            for (key, entry) in cursor.logs.iter().filter(|(key, _)| !self.found.contains(key)) {
                match entry {
                    _ if self.query.for_front => self.selected.unknown.push(*key),
                    LogEntry::Read(read) => self.selected.lost.push(cursor.last_time_of(read)),
                    LogEntry::Skipped | LogEntry::Forbidden => {}
                }
            }
        }
        self.selected
    }
}

/// The containers of a pod that are asked for.
pub(super) fn containers(
    pod: &PodLogs<'_>,
    selection: &LogSelection,
) -> io::Result<Vec<ContainerName>> {
    let names = if_readable(pod.containers())?.unwrap_or_default();
    Ok(names.iter().filter(|name| selection.includes_container(name)).cloned().collect())
}

pub(super) fn name_of(pod: &PodLogs<'_>, container: &ContainerName) -> LogName {
    let (name, uid) = (pod.name.pod.clone(), pod.name.uid.clone());
    LogName { pod: name, uid, container: container.clone() }
}

pub(super) fn has_log(pod: &PodLogs<'_>, container: &ContainerName) -> io::Result<bool> {
    Ok(if_readable(pod.list(container))?.is_some_and(|files| !files.is_empty()))
}

/// Asks for a log that appeared, from its first line and through all its runs.
pub(crate) fn from_first_line(query: &LogQuery) -> LogQuery {
    LogQuery { history: History::All, anchor: None, tail: None, ..query.clone() }
}
