//! Whether anything waits for pods to come and go, and a task looks for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Counts the pod watches.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<WatcherState>);

#[derive(Debug, Default)]
struct WatcherState {
    /// Held by each watch.
    shared: Weak<()>,
    /// A task looks at the pods.
    is_looked: bool,
}

impl Watchers {
    /// Adds a watch; begins to look unless a task looks already.
    pub(crate) fn join(&self, begin: impl FnOnce()) -> Arc<()> {
        let mut watchers = self.watchers();
        let shared = watchers.shared.upgrade().unwrap_or_default();
        watchers.shared = Arc::downgrade(&shared);
        // A task that has not noticed yet that its last watcher left goes on with the new one.
        if !watchers.is_looked {
            watchers.is_looked = true;
            begin();
        }
        shared
    }

    /// Whether there is a watch. If not, the task that asks has to end.
    pub(crate) fn is_watched(&self) -> bool {
        let mut watchers = self.watchers();
        if watchers.shared.strong_count() == 0 {
            watchers.is_looked = false;
        }
        watchers.is_looked
    }

    fn watchers(&self) -> MutexGuard<'_, WatcherState> {
        // Nothing that holds it can panic halfway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
