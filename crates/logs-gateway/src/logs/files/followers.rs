//! Who is followed: one [`FollowedLog`] and one task that keeps it up to date per container,
//! however many read it.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    follow::FollowedLog, layout::PodDirectory, pod::PodLogs, source::FilesSource,
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
    pub(super) fn new() -> Self {
        Self { logs: Mutex::default(), watch: DirectoryWatch::new() }
    }

    #[cfg(test)]
    pub(super) fn unwatched() -> Self {
        Self { logs: Mutex::default(), watch: DirectoryWatch::none() }
    }

    fn logs(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Weak<FollowedLog>>> {
        // The map is whole whatever panicked.
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The container's log as it goes on; up to date at this moment.
pub(super) fn follow(
    source: &Arc<FilesSource>,
    pod: &PodLogs<'_>,
    container: &ContainerName,
) -> io::Result<Arc<FollowedLog>> {
    let key = Key { pod_directory: pod.name.name(), container: container.clone() };
    let mut logs = source.followers().logs();
    if let Some(log) = logs.get(&key).and_then(Weak::upgrade) {
        log.refresh(Some(pod), Instant::now())?;
        return Ok(log);
    }
    let log = Arc::new(FollowedLog::begin(pod, container.clone())?);
    let is_kept_up = logs.insert(key.clone(), Arc::downgrade(&log)).is_some();
    drop(logs);
    // A task that has not noticed yet that its last reader left goes on with the new log.
    if !is_kept_up {
        tokio::spawn(keep_up(source.clone(), key, pod.name.clone()));
    }
    Ok(log)
}

/// Keeps a log up to date while anyone reads it.
async fn keep_up(source: Arc<FilesSource>, key: Key, pod: PodDirectory) {
    let directory = source.path_of(&pod).join(key.container.as_str());
    let waker = source.followers().watch.watch(&directory);
    let mut pause = Duration::ZERO;
    while let Some(log) = still_read(&source, &key) {
        let opened = source.open_pod(pod.clone());
        let looked = match opened {
            Ok(opened) => log.refresh(Some(&opened), Instant::now()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                log.refresh(None, Instant::now())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
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
    source.followers().watch.unwatch(&directory);
}

/// The log, if anyone reads it. If nobody does, it is forgotten.
fn still_read(source: &FilesSource, key: &Key) -> Option<Arc<FollowedLog>> {
    let mut logs = source.followers().logs();
    let log = logs.get(key).and_then(Weak::upgrade);
    if log.is_none() {
        logs.remove(key);
    }
    log
}
