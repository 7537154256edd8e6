//! Who is followed: one [`FollowedLog`] and one task that keeps it up to date per container,
//! however many read it.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use prometheus_client::metrics::gauge::Gauge;
use tokio::time::sleep;

use super::{
    directory::LogDirectory, follow::FollowedLog, layout::PodDirectory, pod::PodLogs,
    watch::DirectoryWatch,
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
    let waker = followers.watch.watch(&path);
    let mut pause = Duration::ZERO;
    while let Some(log) = followers.still_read(&key) {
        if let Err(error) = look(&directory, &pod, &log) {
            tracing::warn!(%error, "cannot look whether a log has grown");
        }
        let is_told = waker.is_some() && !log.is_being_left();
        drop(log);
        sleep(GATHER.min(pause)).await;
        pause = if is_told { FORCED_LOOK } else { BUSY_LOOK };
        match &waker {
            Some(waker) => {
                let _ = tokio::time::timeout(pause, waker.notified()).await;
            }
            None => sleep(pause).await,
        }
    }
    followers.watch.unwatch(&path);
}

fn look(directory: &LogDirectory, pod: &PodDirectory, log: &FollowedLog) -> io::Result<()> {
    match directory.open_pod(pod.clone()) {
        Ok(opened) => log.refresh(Some(&opened), Instant::now()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => log.refresh(None, Instant::now()),
        Err(error) => Err(error),
    }
}
