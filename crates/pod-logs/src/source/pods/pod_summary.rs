//! A pod as a list shows it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::line::target::{ContainerName, PodRef, PodUid};

/// A pod as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSummary {
    /// Its namespace and name.
    pub pod: PodRef,
    /// The incarnation that was written to last.
    pub uid: PodUid,
    /// The node on which it runs, if that is known.
    pub node: Option<Arc<str>>,
    /// All incarnations that have logs, the one that was written to last at the end.
    pub incarnations: Vec<PodUid>,
    /// The time of the first line of the last incarnation.
    pub created_at: Option<DateTime<Utc>>,
    /// The containers of the last incarnation that have logs, sorted by name.
    pub containers: Vec<ContainerSummary>,
}

/// All pods at one instant, sorted by namespace and name. Shared by all that show them.
pub type PodSummaries = Arc<Vec<Arc<PodSummary>>>;

/// A container as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSummary {
    /// Its name.
    pub name: ContainerName,
    /// When one of its files was last written to.
    pub last_write: Option<DateTime<Utc>>,
    /// Its runs that have log files, in order.
    pub runs: Vec<RunSummary>,
}

/// A run of a container as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// How often the container was restarted before.
    pub restart: u32,
    /// The time of the first line.
    pub first_time: Option<DateTime<Utc>>,
    /// The time of the last line, if that can be had without decompressing.
    pub last_time: Option<DateTime<Utc>>,
    /// Of all its files, as they are stored, in bytes.
    pub size: u64,
}

impl ContainerSummary {
    /// Of all its files, as they are stored, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.runs.iter().map(|run| run.size).sum()
    }
}
