//! Selects the logs of many pods, from what is known of the pods.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1::Pod;

use super::begun_log::{BegunLog, LogBegin};
use crate::{
    cursor::{
        log_key::LogKey,
        merged_cursor::{LogEntry, MergedCursor},
    },
    line::target::LogName,
    query::LogQuery,
    source::{
        files::locate::{
            locate_error::LocateError,
            log_selection::LogSelection,
            selected_logs::{SelectError, SelectedLogs},
        },
        known_logs::{LabelPredicate, Membership},
        kubernetes::{
            api::{api_server::ApiServer, container_runs::containers_of},
            feed::feed_group::FeedGroup,
        },
        pods::{
            pod_change::PodsByName,
            seen_pod::{SeenContainer, SeenPod},
        },
    },
};

/// Where the logs of many pods are read.
#[derive(Debug, Clone)]
pub(crate) struct ManySource {
    pub(crate) server: ApiServer,
    pub(crate) group: Arc<FeedGroup>,
}

/// The logs that are selected, which are still to be opened.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) logs: Vec<SelectedLog>,
    /// What is known of the others.
    pub(super) selected: SelectedLogs,
}

/// A log that is still to be opened.
#[derive(Debug)]
pub(super) struct SelectedLog {
    pub(super) key: LogKey,
    pub(super) begin: LogBegin,
    pub(super) begun: BegunLog,
}

/// A selection in progress.
pub(super) struct Selecting<'a> {
    pub(super) source: &'a ManySource,
    pub(super) selection: &'a LogSelection,
    pub(super) query: &'a LogQuery,
    pub(super) resumed: Option<&'a MergedCursor>,
    pub(super) now: DateTime<Utc>,
}

impl Selecting<'_> {
    /// Selects logs of these pods, each behind what the cursor says of it.
    pub(super) fn select(&self, pods: &PodsByName) -> Result<Selection, SelectError> {
        if self.resumed.is_some_and(MergedCursor::is_of_files) {
            return Err(LocateError::BadCursor.into());
        }
        let chosen: Vec<_> = pods.values().filter(|pod| self.selection.chooses(pod)).collect();
        let mut selection = Selection::default();
        let mut found = BTreeSet::new();
        // The logs that the cursor knows take their places first.
        for pod in chosen.iter().filter(|_| self.resumed.is_some()) {
            self.resume_pod(pod, &mut selection, &mut found)?;
        }
        for pod in chosen {
            self.add_pod(pod, &mut selection, &found)?;
        }
        self.add_lost(&mut selection, &found);
        Ok(selection)
    }

    /// Selects the logs of a pod that the cursor knows.
    fn resume_pod(
        &self,
        pod: &SeenPod,
        into: &mut Selection,
        found: &mut BTreeSet<LogKey>,
    ) -> Result<(), SelectError> {
        let Some(cursor) = self.resumed else { return Ok(()) };
        let may_read = (self.selection.may_read)(&pod.pod);
        let object = object_of(pod).unwrap_or_default();
        for name in self.selection.names_in(pod, &object) {
            let key = LogKey::of(&name);
            let Some(entry) = cursor.logs.get(&key) else { continue };
            found.insert(key);
            let begin = match entry {
                LogEntry::Skipped => {
                    into.selected.known.set(key, &name, Membership::Skipped);
                    continue;
                }
                LogEntry::Forbidden if may_read => LogBegin::From(self.now),
                LogEntry::Read(entry) if may_read => {
                    LogBegin::Behind { entry: entry.clone(), last: cursor.last_time_of(entry) }
                }
                // To the caller it is the same as one that is gone.
                LogEntry::Read(_) | LogEntry::Forbidden => {
                    into.selected.known.set(key, &name, Membership::Forbidden);
                    into.lose(cursor, entry);
                    continue;
                }
            };
            if !self.add(key, &object, &name, begin, into)? {
                into.lose(cursor, entry);
            }
        }
        Ok(())
    }

    /// Selects the logs of a pod that the cursor does not know, or all without one.
    fn add_pod(
        &self,
        pod: &SeenPod,
        into: &mut Selection,
        found: &BTreeSet<LogKey>,
    ) -> Result<(), SelectError> {
        if !(self.selection.may_read)(&pod.pod) {
            for name in self.selection.begun_in(pod) {
                let key = LogKey::of(&name);
                if !found.contains(&key) {
                    into.selected.known.set(key, &name, Membership::Hidden);
                }
            }
            return Ok(());
        }
        let is_joining = self.resumed.is_some();
        let object = object_of(pod).unwrap_or_default();
        for name in self.selection.names_in(pod, &object) {
            let key = LogKey::of(&name);
            if found.contains(&key) || into.selected.known.get(key).is_some() {
                continue;
            }
            let begin = if is_joining { LogBegin::AtFirstLine } else { LogBegin::AsAsked };
            let is_full = into.logs.len() >= self.selection.max_logs;
            if !is_full {
                self.add(key, &object, &name, begin, into)?;
            } else if begin.of(self.source, &object, name.clone(), self.query)?.is_some() {
                if !is_joining {
                    return Err(SelectError::TooManyLogs);
                }
                into.selected.known.set(key, &name, Membership::Skipped);
                into.selected.skipped.push(Arc::new(name));
            }
        }
        Ok(())
    }

    /// Adds a log, if there is one.
    fn add(
        &self,
        key: LogKey,
        object: &Pod,
        name: &LogName,
        begin: LogBegin,
        into: &mut Selection,
    ) -> Result<bool, SelectError> {
        let begun = begin.of(self.source, object, name.clone(), self.query)?;
        Ok(begun.is_some_and(|begun| {
            into.selected.known.set(key, name, Membership::Open);
            into.logs.push(SelectedLog { key, begin, begun });
            true
        }))
    }

    /// Adds the logs of the cursor that are not there.
    fn add_lost(&self, into: &mut Selection, found: &BTreeSet<LogKey>) {
        let Some(cursor) = self.resumed else { return };
        into.selected.watermark = cursor.watermark;
        for (_, entry) in cursor.logs.iter().filter(|(key, _)| !found.contains(key)) {
            into.lose(cursor, entry);
        }
    }
}

impl Selection {
    /// A log that the cursor knows is gone.
    fn lose(&mut self, cursor: &MergedCursor, entry: &LogEntry) {
        if let LogEntry::Read(read) = entry {
            self.selected.lost.push(cursor.last_time_of(read));
        }
    }
}

impl LogSelection {
    /// Whether a pod is asked for.
    pub(super) fn chooses(&self, pod: &SeenPod) -> bool {
        let has_labels = |are_wanted: &LabelPredicate| {
            pod.object.as_ref().is_some_and(|object| are_wanted(&object.labels))
        };
        (self.includes)(&pod.pod) && self.labels.as_ref().is_none_or(has_labels)
    }

    /// The logs of the pod's containers that are asked for.
    pub(super) fn names_in(&self, pod: &SeenPod, object: &Pod) -> Vec<LogName> {
        let names = containers_of(object).into_iter();
        let names = names.filter(|name| self.includes_container(name));
        let named = |container| LogName { pod: pod.pod.clone(), uid: pod.uid.clone(), container };
        names.map(named).collect()
    }

    /// The same of those that were started, as far as that is known without a look at the object.
    pub(super) fn begun_in(&self, pod: &SeenPod) -> Vec<LogName> {
        let containers = pod.containers.iter();
        let begun = containers.filter(|container| {
            container.started_at.is_some() && self.includes_container(&container.name)
        });
        let name = |container: &SeenContainer| LogName {
            pod: pod.pod.clone(),
            uid: pod.uid.clone(),
            container: container.name.clone(),
        };
        begun.map(name).collect()
    }
}

/// The object as the API server showed it. `None` if it cannot be read.
pub(super) fn object_of(pod: &SeenPod) -> Option<Pod> {
    serde_json::from_str(&pod.object.as_ref()?.text).ok()
}
