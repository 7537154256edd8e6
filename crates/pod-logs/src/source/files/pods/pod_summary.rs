//! A pod as a list shows it.

use std::io;

use chrono::{DateTime, Utc};

use crate::{
    line::target::{ContainerName, PodRef, PodUid},
    source::files::directory::{
        layout::PodDirectory, log_directory::LogDirectory, open_failure::if_readable,
        pod_logs::PodLogs,
    },
};

/// A pod as a list shows it.
#[derive(Debug)]
pub struct PodSummary {
    /// Its namespace and name.
    pub pod: PodRef,
    /// Its incarnation.
    pub uid: PodUid,
    /// The containers that have a log directory, sorted by name.
    pub containers: Vec<ContainerName>,
    /// When one of its files was last written to.
    pub last_write: Option<DateTime<Utc>>,
    /// Of all its files, in bytes.
    pub size: u64,
}

/// The pods that `may_see` lets through, all incarnations, sorted by namespace, name and uid.
pub(crate) fn pod_summaries(
    directory: &LogDirectory,
    may_see: impl Fn(&PodRef) -> bool,
) -> io::Result<Vec<PodSummary>> {
    let root = directory.open()?;
    let pods = directory.pods(&root)?;
    let seen = pods.iter().filter(|(pod, _)| may_see(pod));
    let mut directories: Vec<_> = seen.flat_map(|(_, all)| all.iter().cloned()).collect();
    directories.sort_by_cached_key(PodDirectory::name);
    let mut summaries = Vec::with_capacity(directories.len());
    for name in directories {
        // A pod may be removed while the list is made.
        if let Some(pod) = if_readable(directory.open_pod_in(&root, name))? {
            summaries.push(summary(pod)?);
        }
    }
    Ok(summaries)
}

fn summary(pod: PodLogs<'_>) -> io::Result<PodSummary> {
    let (last_write, size) = pod.extent()?;
    let containers = if_readable(pod.containers())?.unwrap_or_default().to_vec();
    let PodDirectory { pod, uid } = pod.name;
    Ok(PodSummary { pod, uid, containers, last_write, size })
}
