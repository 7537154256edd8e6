//! A pod as the wire has it.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use pod_logs::{ContainerSummary, PodSummary, PodUid, RunSummary};
use serde::Serialize;
use utoipa::ToSchema;

/// A pod. What the source cannot tell is null.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct PodEntry<'a> {
    namespace: &'a str,
    pod: &'a str,
    /// The incarnation that was written to last.
    uid: &'a str,
    node: Option<&'a str>,
    labels: Option<BTreeMap<&'a str, &'a str>>,
    phase: Option<&'a str>,
    created_at: Option<DateTime<Utc>>,
    /// All incarnations that have logs, the one that was written to last at the end.
    incarnations: Vec<&'a str>,
    /// Of the last incarnation.
    containers: Vec<ContainerEntry<'a>>,
}

#[derive(Serialize, ToSchema)]
struct ContainerEntry<'a> {
    name: &'a str,
    /// The number of the last run.
    restart: Option<u32>,
    state: Option<&'a str>,
    /// When the last run began: the time of its first line, where only that is known.
    started_at: Option<DateTime<Utc>>,
    /// When its newest file was last written to; null if it has none that can be read.
    last_write: Option<DateTime<Utc>>,
    /// Of all its log files as they are stored, in bytes.
    size: Option<u64>,
    /// Those that have log files, in order.
    runs: Vec<RunEntry>,
}

#[derive(Serialize, ToSchema)]
struct RunEntry {
    restart: u32,
    /// Of the first line.
    first_time: Option<DateTime<Utc>>,
    /// Of the last line.
    last_time: Option<DateTime<Utc>>,
    size: u64,
}

impl<'a> PodEntry<'a> {
    pub(super) fn of(summary: &'a PodSummary) -> Self {
        Self {
            namespace: summary.pod.namespace.as_str(),
            pod: summary.pod.pod.as_str(),
            uid: summary.uid.as_str(),
            node: summary.node.as_deref(),
            labels: summary.object.as_deref().map(|object| {
                object.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
            }),
            phase: summary.object.as_deref().map(|object| object.phase.as_str()),
            created_at: summary.created_at,
            incarnations: summary.incarnations.iter().map(PodUid::as_str).collect(),
            containers: summary.containers.iter().map(ContainerEntry::from).collect(),
        }
    }
}

impl<'a> From<&'a ContainerSummary> for ContainerEntry<'a> {
    fn from(summary: &'a ContainerSummary) -> Self {
        let (last_run, status) = (summary.runs.last(), summary.status.as_ref());
        Self {
            name: summary.name.as_str(),
            restart: last_run.map(|run| run.restart).or(status.map(|status| status.restart)),
            state: status.map(|status| status.state),
            started_at: match status {
                Some(status) => status.started_at,
                None => last_run.and_then(|run| run.first_time),
            },
            last_write: summary.last_write.map(|instant| instant.trunc_subsecs(3)),
            size: summary.size(),
            runs: summary.runs.iter().map(RunEntry::from).collect(),
        }
    }
}

impl From<&RunSummary> for RunEntry {
    fn from(run: &RunSummary) -> Self {
        let RunSummary { restart, first_time, last_time, size } = *run;
        Self { restart, first_time, last_time, size }
    }
}
