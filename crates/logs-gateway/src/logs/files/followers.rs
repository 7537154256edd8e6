//! Who is followed: one [`FollowedLog`] and one task that keeps it up to date per container,
//! however many read it.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    slice,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use prometheus_client::metrics::gauge::Gauge;
use tokio::time::sleep;

use super::{
    directory::LogDirectory,
    follow::FollowedLog,
    layout::PodDirectory,
    open_failure::{is_gone, unless_gone},
    pod::PodLogs,
    watch::{DirectoryWatch, WatchedDirectories},
};
use crate::logs::target::ContainerName;

/// How often is looked even if nothing was told (kubelet's `logForceCheckPeriod`).
const FORCED_LOOK: Duration = Duration::from_secs(1);
/// How often is looked where nobody tells, or while a file is being rotated.
const BUSY_LOOK: Duration = Duration::from_millis(100);
/// How long changes are gathered before readers are woken: waking thousands for each line of a
/// busy log would cost more than the reading.
const GATHER: Duration = Duration::from_millis(40);

/// The logs that are followed at present.
#[derive(Debug)]
pub(super) struct Followers {
    logs: Mutex<HashMap<Key, Weak<FollowedLog>>>,
    watch: DirectoryWatch,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    pod_directory: String,
    container: ContainerName,
}

impl Followers {
    /// `polled` counts the directories that cannot be watched.
    pub(super) fn new(polled: Gauge) -> Self {
        Self { logs: Mutex::default(), watch: DirectoryWatch::new(polled) }
    }

    #[cfg(test)]
    pub(super) fn unwatched() -> Self {
        Self { logs: Mutex::default(), watch: DirectoryWatch::none() }
    }

    /// The one watch of the process.
    pub(super) fn watch(&self) -> &DirectoryWatch {
        &self.watch
    }

    /// The container's log as it goes on; up to date at this moment.
    pub(super) fn follow(
        self: &Arc<Self>,
        directory: &Arc<LogDirectory>,
        pod: &PodLogs<'_>,
        container: &ContainerName,
    ) -> io::Result<Arc<FollowedLog>> {
        let key = Key { pod_directory: pod.name.name(), container: container.clone() };
        let mut logs = self.logs();
        if let Some(log) = logs.get(&key).and_then(Weak::upgrade) {
            log.refresh(Some(pod), Instant::now())?;
            return Ok(log);
        }
        let log = Arc::new(FollowedLog::begin(pod, container.clone())?);
        let is_kept_up = logs.insert(key.clone(), Arc::downgrade(&log)).is_some();
        drop(logs);
        // A task that has not noticed yet that its last reader left goes on with the new log.
        if !is_kept_up {
            tokio::spawn(keep_up(self.clone(), directory.clone(), key, pod.name.clone()));
        }
        Ok(log)
    }

    /// The log, if anyone reads it. If nobody does, it is forgotten.
    fn still_read(&self, key: &Key) -> Option<Arc<FollowedLog>> {
        let mut logs = self.logs();
        let log = logs.get(key).and_then(Weak::upgrade);
        if log.is_none() {
            logs.remove(key);
        }
        log
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<Key, Weak<FollowedLog>>> {
        // The map is whole whatever panicked.
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a log up to date while anyone reads it.
async fn keep_up(
    followers: Arc<Followers>,
    directory: Arc<LogDirectory>,
    key: Key,
    pod: PodDirectory,
) {
    let path = directory.path_of(&pod).join(key.container.as_str());
    let mut watched = WatchedDirectories::new(&followers.watch);
    watched.set(slice::from_ref(&path));
    let mut pause = Duration::ZERO;
    while let Some(log) = followers.still_read(&key) {
        match look(&directory, &pod, &key.container, &log) {
            Ok(linked) => watched.set(&[slice::from_ref(&path), &linked].concat()),
            Err(error) => tracing::warn!(%error, "cannot look whether a log has grown"),
        }
        let is_told = watched.are_watched() && !log.is_being_left();
        drop(log);
        sleep(GATHER.min(pause)).await;
        pause = if is_told { FORCED_LOOK } else { BUSY_LOOK };
        let _ = tokio::time::timeout(pause, watched.changed()).await;
    }
}

/// Looks what changed. The answer is where else than in its own directory files of the container
/// are renamed.
fn look(
    directory: &LogDirectory,
    pod: &PodDirectory,
    container: &ContainerName,
    log: &FollowedLog,
) -> io::Result<Vec<PathBuf>> {
    match directory.open_pod(pod.clone()) {
        Ok(opened) => {
            log.refresh(Some(&opened), Instant::now())?;
            Ok(unless_gone(opened.linked_directories(container))?.unwrap_or_default())
        }
        Err(error) if is_gone(&error) => {
            log.refresh(None, Instant::now())?;
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}
