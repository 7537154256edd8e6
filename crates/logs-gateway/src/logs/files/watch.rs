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
use tokio::sync::Notify;

/// Tells of changes in directories. One watcher for the whole process.
#[derive(Debug)]
pub(super) struct DirectoryWatch {
    wakers: Arc<Mutex<Wakers>>,
    /// `None` when the system has none to give.
    watcher: Mutex<Option<RecommendedWatcher>>,
}

type Wakers = HashMap<PathBuf, Arc<Notify>>;

impl DirectoryWatch {
    pub(super) fn new() -> Self {
        let wakers = Arc::new(Mutex::new(Wakers::new()));
        let to_wake = wakers.clone();
        let watcher = recommended_watcher(move |event| wake(&to_wake, event));
        if let Err(error) = &watcher {
            tracing::warn!(%error, "cannot watch directories; looking every moment instead");
        }
        Self { wakers, watcher: Mutex::new(watcher.ok()) }
    }

    /// Tells nothing.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { wakers: Arc::default(), watcher: Mutex::default() }
    }

    /// Begins to wake whoever waits on the answer. `None` when this directory cannot be watched.
    pub(super) fn watch(&self, directory: &Path) -> Option<Arc<Notify>> {
        let waker = Arc::new(Notify::new());
        locked(&self.wakers).insert(directory.to_owned(), waker.clone());
        let watched = match locked(&self.watcher).as_mut() {
            Some(watcher) => watcher.watch(directory, RecursiveMode::NonRecursive),
            None => return None,
        };
        match watched {
            Ok(()) => Some(waker),
            Err(error) => {
                tracing::warn!(%error, "cannot watch a directory; looking every moment instead");
                None
            }
        }
    }

    pub(super) fn unwatch(&self, directory: &Path) {
        locked(&self.wakers).remove(directory);
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
