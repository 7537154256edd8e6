//! A pod as a list shows it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::pod_object::PodObject;
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
    /// What an API server shows of it. `None` if the source knows none.
    pub object: Option<Arc<PodObject>>,
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
    /// What is known of it without its files. `None` if only those are known.
    pub status: Option<ContainerRunStatus>,
}

/// What an API server tells of a container's present run, or of its last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerRunStatus {
    /// `running`, `terminated` or `waiting`.
    pub state: &'static str,
    /// How often the container was restarted before.
    pub restart: u32,
    /// When it was started.
    pub started_at: Option<DateTime<Utc>>,
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
    /// Of all its files, as they are stored, in bytes. `None` if its files are not known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        let sizes = self.runs.iter().map(|run| run.size);
        // A node may tell any size.
        self.status.is_none().then(|| sizes.fold(0, u64::saturating_add))
    }
}
