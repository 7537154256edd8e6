//! A pod as an inventory remembers it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::pod_object::PodObject;
use crate::line::target::{ContainerName, PodRef, PodUid};

/// A pod as an inventory remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPod {
    /// Its namespace and name.
    pub pod: PodRef,
    /// Its incarnation.
    pub uid: PodUid,
    /// The node on which it runs, if that is known.
    pub node: Option<Arc<str>>,
    /// The node cannot be reached, so this is what was known of the pod before.
    pub is_node_lost: bool,
    /// The containers that have logs, sorted by name.
    pub containers: Vec<SeenContainer>,
    /// The earliest time in a log of it when it was first seen.
    pub created_at: Option<DateTime<Utc>>,
    /// What an API server shows of it. `None` if the source knows none.
    pub object: Option<Arc<PodObject>>,
    /// The version of its last change.
    pub version: u64,
    /// The version with which it came.
    pub since: u64,
}

/// A container of a pod, in its last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenContainer {
    /// Its name.
    pub name: ContainerName,
    /// The number of its last run.
    pub restart: u32,
    /// The time of the first line that is there; `None` before there is any.
    pub started_at: Option<DateTime<Utc>>,
    /// `running`, `terminated` or `waiting`. `None` where the source cannot tell.
    pub state: Option<&'static str>,
}
