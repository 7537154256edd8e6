//! Notification of changes in directories, instead of polling.
//!
//! A notification is only a reason to look; nothing is decided by it. So it does no harm that
//! directories are watched by their paths, or that the kernel may drop events.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher, recommended_watcher};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

/// How often a task that waits for a change looks even if it is not told of one (kubelet's
/// `logForceCheckPeriod`).
pub(crate) const FORCED_LOOK: Duration = Duration::from_secs(1);

/// Notifies tasks of changes in directories. There is one per process.
#[derive(Debug)]
pub(crate) struct DirectoryWatch {
    wakers: Arc<Mutex<Wakers>>,
    /// `None` when the system has none to give.
    watcher: Mutex<Option<RecommendedWatcher>>,
    /// How many directories have to be polled, because they cannot be watched.
    polled: AtomicU64,
}

type Wakers = HashMap<PathBuf, Vec<Arc<Notify>>>;

impl DirectoryWatch {
    /// Watches nothing yet.
    pub(crate) fn new() -> Self {
        let wakers = Arc::new(Mutex::new(Wakers::new()));
        let to_wake = wakers.clone();
        let watcher = recommended_watcher(move |event| wake(&to_wake, event));
        if let Err(error) = &watcher {
            tracing::warn!(%error, "cannot watch directories; polling them instead");
        }
        Self { wakers, watcher: Mutex::new(watcher.ok()), polled: AtomicU64::new(0) }
    }

    /// Notifies of nothing.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self { wakers: Arc::default(), watcher: Mutex::default(), polled: AtomicU64::new(0) }
    }

    /// How many directories are watched at present.
    pub(crate) fn watched(&self) -> u64 {
        locked(&self.wakers).len() as u64
    }

    /// How many directories that tasks wait for cannot be watched at present.
    pub(crate) fn polled(&self) -> u64 {
        self.polled.load(Ordering::Relaxed)
    }

    /// Begins to notify when the directory changes. False when it cannot be watched.
    fn watch(&self, directory: &Path, waker: &Arc<Notify>) -> bool {
        let mut watcher = locked(&self.watcher);
        let is_watched = locked(&self.wakers).contains_key(directory);
        let watched = match (watcher.as_mut(), is_watched) {
            (None, _) => None,
            (Some(_), true) => Some(Ok(())),
            (Some(watcher), false) => Some(watcher.watch(directory, RecursiveMode::NonRecursive)),
        };
        if let Some(Ok(())) = watched {
            locked(&self.wakers).entry(directory.to_owned()).or_default().push(waker.clone());
            return true;
        }
        let is_first = self.polled.fetch_add(1, Ordering::Relaxed) == 0;
        if let Some(Err(error)) = watched
            && is_first
        {
            tracing::warn!(%error, "cannot watch a directory; polling it instead");
        }
        false
    }

    fn unwatch(&self, directory: &Path, waker: &Arc<Notify>) {
        let mut watcher = locked(&self.watcher);
        let mut wakers = locked(&self.wakers);
        let Some(of_directory) = wakers.get_mut(directory) else {
            return;
        };
        of_directory.retain(|other| !Arc::ptr_eq(other, waker));
        if !of_directory.is_empty() {
            return;
        }
        wakers.remove(directory);
        // The watcher waits for its thread, which may be waiting for the wakers.
        drop(wakers);
        if let Some(watcher) = watcher.as_mut() {
            // The directory may be gone, and its watch with it.
            let _ = watcher.unwatch(directory);
        }
    }
}

/// The directories that one task waits for.
#[derive(Debug)]
pub(crate) struct WatchedDirectories<'a> {
    watch: &'a DirectoryWatch,
    waker: Arc<Notify>,
    /// With whether each can be watched.
    directories: HashMap<PathBuf, bool>,
}

impl<'a> WatchedDirectories<'a> {
    /// None yet.
    pub(crate) fn new(watch: &'a DirectoryWatch) -> Self {
        Self { watch, waker: Arc::default(), directories: HashMap::new() }
    }

    /// Waits for these from now on, and for no others.
    pub(crate) fn set(&mut self, directories: &[PathBuf]) {
        let is_kept = |directory: &PathBuf| directories.contains(directory);
        for (directory, is_watched) in self.directories.extract_if(|path, _| !is_kept(path)) {
            leave(self.watch, &self.waker, &directory, is_watched);
        }
        for directory in directories {
            if !self.directories.contains_key(directory) {
                let is_watched = self.watch.watch(directory, &self.waker);
                self.directories.insert(directory.clone(), is_watched);
            }
        }
    }

    /// Whether a change of any of them is noticed. If not, the task has to look by itself.
    pub(crate) fn are_watched(&self) -> bool {
        self.directories.values().all(|is_watched| *is_watched)
    }

    /// Waits for a change: first as long as changes are gathered, whether or not there is one, and
    /// then at most so much longer.
    pub(crate) async fn wait(&self, gather: Duration, at_most: Duration) {
        sleep(gather).await;
        let _ = timeout(at_most, self.changed()).await;
    }

    async fn changed(&self) {
        self.waker.notified().await;
    }
}

impl Drop for WatchedDirectories<'_> {
    fn drop(&mut self) {
        self.set(&[]);
    }
}

fn leave(watch: &DirectoryWatch, waker: &Arc<Notify>, directory: &Path, is_watched: bool) {
    if is_watched {
        watch.unwatch(directory, waker);
    } else {
        watch.polled.fetch_sub(1, Ordering::Relaxed);
    }
}

fn wake(wakers: &Mutex<Wakers>, event: notify::Result<Event>) {
    let wakers = locked(wakers);
    match event {
        // Our own reads are no reason to look again.
        Ok(Event { kind: EventKind::Access(_), .. }) => {}
        Ok(event) => {
            let directories = event.paths.iter().flat_map(|path| [Some(&**path), path.parent()]);
            let of_directories = directories.flatten().filter_map(|path| wakers.get(path));
            of_directories.flatten().for_each(|waker| waker.notify_one());
        }
        // Events were lost: anything may have changed.
        Err(_) => wakers.values().flatten().for_each(|waker| waker.notify_one()),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds one of them can leave it half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwatchable_directory_is_counted_while_it_is_read() {
        let watch = DirectoryWatch::new();
        let root = tempfile::tempdir().unwrap();
        let missing = root.path().join("missing");
        let mut directories = WatchedDirectories::new(&watch);
        directories.set(&[root.path().to_owned()]);
        assert!(directories.are_watched());
        directories.set(&[missing]);
        assert!(!directories.are_watched());
        assert_eq!(watch.polled(), 1);
        drop(directories);
        assert_eq!(watch.polled(), 0);
    }

    #[tokio::test]
    async fn every_task_that_waits_for_a_directory_is_notified() {
        let watch = DirectoryWatch::new();
        let root = tempfile::tempdir().unwrap();
        let mut tasks = [(); 3].map(|()| WatchedDirectories::new(&watch));
        tasks.iter_mut().for_each(|task| task.set(&[root.path().to_owned()]));
        let [one, other, left] = tasks;
        drop(left);
        std::fs::write(root.path().join("file"), "").unwrap();
        let both = async { tokio::join!(one.changed(), other.changed()) };
        timeout(Duration::from_secs(20), both).await.unwrap();
    }
}
