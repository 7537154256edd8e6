//! The logs that are followed: one [`FollowedLog`] and one task that keeps it up to date per
//! container, however many readers it has.
//!
//! A log that has ended, has no file with a name any more, or is still in an earlier run gets no
//! new readers: its directory was removed and made again, or its container was started again. A new
//! [`FollowedLog`] then takes its place, and the same task looks after the old one until its last
//! reader has left.

use std::{
    collections::HashMap,
    io,
    ops::RangeInclusive,
    path::PathBuf,
    slice,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tracing::{Instrument, error_span};

use super::followed_log::FollowedLog;
use crate::{
    line::target::ContainerName,
    source::files::{
        directory::{
            layout::PodDirectory,
            log_directory::LogDirectory,
            open_failure::{is_gone, unless_gone},
            pod_logs::PodLogs,
        },
        watching::{
            directory_watch::{DirectoryWatch, FORCED_LOOK, WatchedDirectories},
            task_readers::TaskReaders,
        },
    },
};

/// How often a log is looked at whose directory cannot be watched, or while a file is rotated.
const BUSY_LOOK: Duration = Duration::from_millis(100);
/// How long changes are gathered before readers are woken, at least and at most. Waking thousands of
/// readers for each line of a busy log would cost more than the reading.
const GATHER: RangeInclusive<Duration> = Duration::from_millis(40)..=Duration::from_millis(250);
/// How much longer changes are gathered for each reader of the log. To wake a reader and send what it
/// reads takes a third of that.
const GATHER_A_READER: Duration = Duration::from_micros(50);

/// The logs that are followed at present.
#[derive(Debug)]
pub(crate) struct Followers {
    /// Of each container that has a task, the log that new readers get last, and before it those
    /// that only the readers they have go on with.
    logs: Mutex<FollowedLogs>,
    watch: Arc<DirectoryWatch>,
}

type FollowedLogs = HashMap<FollowedKey, TaskReaders<FollowedLog>>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct FollowedKey {
    pod_directory: String,
    container: ContainerName,
}

impl Followers {
    /// None yet.
    pub(crate) fn new(watch: Arc<DirectoryWatch>) -> Self {
        Self { logs: Mutex::default(), watch }
    }

    /// The container's log as it goes on; up to date at this moment.
    pub(crate) fn follow(
        self: &Arc<Self>,
        directory: &Arc<LogDirectory>,
        pod: &PodLogs<'_>,
        container: &ContainerName,
    ) -> io::Result<Arc<FollowedLog>> {
        let key = FollowedKey { pod_directory: pod.name.name(), container: container.clone() };
        let mut logs = self.logs();
        if let Some(log) = logs.get(&key).and_then(TaskReaders::newest) {
            log.refresh(Some(pod), Instant::now())?;
            if log.can_be_joined(pod)? {
                return Ok(log);
            }
        }
        let log = Arc::new(FollowedLog::begin(pod, container.clone())?);
        if logs.entry(key.clone()).or_default().add(&log) {
            let span =
                error_span!("follower", pod = pod.name.name(), container = container.as_str());
            let update = update_while_read(self.clone(), directory.clone(), key, pod.name.clone());
            tokio::spawn(update.instrument(span));
        }
        Ok(log)
    }

    /// Looks at all logs, as their tasks do.
    #[cfg(test)]
    pub(crate) fn look_at_all(&self, directory: &LogDirectory, now: Instant) {
        let mut logs = self.logs();
        for (key, readers) in logs.iter_mut() {
            let pod = PodDirectory::parse(&key.pod_directory).unwrap();
            let pod = directory.open_pod(pod).ok();
            readers.held().iter().for_each(|log| log.refresh(pod.as_ref(), now).unwrap());
        }
    }

    /// The container's logs that have readers. If there are none, the container is forgotten.
    fn still_read(&self, key: &FollowedKey) -> Vec<Arc<FollowedLog>> {
        let mut logs = self.logs();
        let still_read = logs.get_mut(key).map(TaskReaders::held).unwrap_or_default();
        if still_read.is_empty() {
            logs.remove(key);
        }
        still_read
    }

    fn logs(&self) -> MutexGuard<'_, FollowedLogs> {
        // The map is whole whatever panicked.
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a container's log up to date while it has readers.
async fn update_while_read(
    followers: Arc<Followers>,
    directory: Arc<LogDirectory>,
    key: FollowedKey,
    pod: Arc<PodDirectory>,
) {
    let path = directory.path_of(&pod).join(key.container.as_str());
    let mut watched = WatchedDirectories::new(&followers.watch);
    watched.set(slice::from_ref(&path));
    let mut newest: Option<Weak<FollowedLog>> = None;
    let (mut pause, mut is_failing) = (Duration::ZERO, false);
    loop {
        let logs = followers.still_read(&key);
        let Some(last) = logs.last() else { break };
        let before = newest.replace(Arc::downgrade(last));
        if before.is_some_and(|before| !before.ptr_eq(&Arc::downgrade(last))) {
            // The directory may have been made again; a watch of the one before tells nothing of it.
            watched.set(&[]);
        }
        let span = error_span!("look", file = last.current_file());
        let looked = span.in_scope(|| look(&directory, &pod, &key.container, &logs, is_failing));
        is_failing = looked.is_err();
        // After a failure the directory may be another one of the same path.
        let linked = looked.map(|linked| [slice::from_ref(&path), &linked].concat());
        watched.set(&linked.unwrap_or_default());
        let is_told = watched.are_watched() && !logs.iter().any(|log| log.has_next_file());
        let readers = logs.iter().map(|log| log.readers()).sum();
        drop(logs);
        let gather = gather_time(readers).min(pause);
        pause = if is_told { FORCED_LOOK } else { BUSY_LOOK };
        watched.wait(gather, pause).await;
    }
}

/// How long changes are gathered for so many readers.
fn gather_time(readers: usize) -> Duration {
    let readers = u32::try_from(readers).unwrap_or(u32::MAX);
    GATHER_A_READER.saturating_mul(readers).clamp(*GATHER.start(), *GATHER.end())
}

/// Looks what changed. The answer is where else than in its own directory files of the container
/// are renamed. Of failures that follow one another the first is logged.
fn look(
    directory: &LogDirectory,
    pod: &PodDirectory,
    container: &ContainerName,
    logs: &[Arc<FollowedLog>],
    is_failing: bool,
) -> io::Result<Vec<PathBuf>> {
    try_look(directory, pod, container, logs).inspect_err(|error| {
        if !is_failing {
            tracing::warn!(%error, "cannot check whether a log has grown; its readers wait");
        }
    })
}

fn try_look(
    directory: &LogDirectory,
    pod: &PodDirectory,
    container: &ContainerName,
    logs: &[Arc<FollowedLog>],
) -> io::Result<Vec<PathBuf>> {
    let opened = match directory.open_pod(pod.clone()) {
        Err(error) if is_gone(&error) => None,
        opened => Some(opened?),
    };
    let look = |log: &Arc<FollowedLog>| log.refresh(opened.as_ref(), Instant::now());
    // A log that cannot be looked at keeps no other from being looked at.
    logs.iter().map(look).fold(Ok(()), io::Result::and)?;
    let linked = opened.map(|opened| unless_gone(opened.linked_directories(container)));
    Ok(linked.transpose()?.flatten().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_gathered_longer_for_many_readers() {
        for (readers, millis) in [(0, 40), (800, 40), (2_000, 100), (1_000_000, 250)] {
            assert_eq!(gather_time(readers), Duration::from_millis(millis), "{readers}");
        }
    }
}
