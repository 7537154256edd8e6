//! Being told when a directory changes, instead of looking all the time.
//!
//! What is told is only a reason to look; nothing is decided by it. So it does no harm that
//! directories are watched by their paths, or that the kernel may drop what it has to tell.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher, recommended_watcher};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;

/// Tells of changes in directories. One watcher for the whole process.
#[derive(Debug)]
pub(super) struct DirectoryWatch {
    wakers: Arc<Mutex<Wakers>>,
    /// `None` when the system has none to give.
    watcher: Mutex<Option<RecommendedWatcher>>,
    /// How many directories somebody has to look at, because they cannot be watched.
    polled: Gauge,
}

type Wakers = HashMap<PathBuf, Arc<Notify>>;

impl DirectoryWatch {
    /// `polled` counts the directories that cannot be watched.
    pub(super) fn new(polled: Gauge) -> Self {
        let wakers = Arc::new(Mutex::new(Wakers::new()));
        let to_wake = wakers.clone();
        let watcher = recommended_watcher(move |event| wake(&to_wake, event));
        if let Err(error) = &watcher {
            tracing::warn!(%error, "cannot watch directories; looking every moment instead");
        }
        Self { wakers, watcher: Mutex::new(watcher.ok()), polled }
    }

    /// Tells nothing.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { wakers: Arc::default(), watcher: Mutex::default(), polled: Gauge::default() }
    }

    /// Begins to wake whoever waits on the answer. `None` when this directory cannot be watched.
    pub(super) fn watch(&self, directory: &Path) -> Option<Arc<Notify>> {
        let watched = locked(&self.watcher)
            .as_mut()
            .map(|watcher| watcher.watch(directory, RecursiveMode::NonRecursive));
        if let Some(Ok(())) = watched {
            let waker = Arc::new(Notify::new());
            locked(&self.wakers).insert(directory.to_owned(), waker.clone());
            return Some(waker);
        }
        let is_first = self.polled.inc() == 0;
        if let Some(Err(error)) = watched
            && is_first
        {
            tracing::warn!(%error, "cannot watch a directory; looking every moment instead");
        }
        None
    }

    /// Of a directory that [`watch`](Self::watch) was called for.
    pub(super) fn unwatch(&self, directory: &Path) {
        if locked(&self.wakers).remove(directory).is_none() {
            self.polled.dec();
            return;
        }
        if let Some(watcher) = locked(&self.watcher).as_mut() {
            // The directory may be gone, and its watch with it.
            let _ = watcher.unwatch(directory);
        }
    }
}

fn wake(wakers: &Mutex<Wakers>, event: notify::Result<Event>) {
    let wakers = locked(wakers);
    match event {
        // Our own looking is no reason to look again.
        Ok(Event { kind: EventKind::Access(_), .. }) => {}
        Ok(event) => {
            let directories = event.paths.iter().flat_map(|path| [Some(&**path), path.parent()]);
            for waker in directories.flatten().filter_map(|directory| wakers.get(directory)) {
                waker.notify_one();
            }
        }
        // Events were lost: anything may have changed.
        Err(_) => wakers.values().for_each(|waker| waker.notify_one()),
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
    fn what_cannot_be_watched_is_counted_for_as_long_as_it_is_read() {
        let polled = Gauge::default();
        let watch = DirectoryWatch::new(polled.clone());
        let root = tempfile::tempdir().unwrap();
        let missing = root.path().join("missing");
        assert!(watch.watch(&missing).is_none());
        assert_eq!(polled.get(), 1);
        watch.unwatch(&missing);
        assert_eq!(polled.get(), 0);
    }
}
