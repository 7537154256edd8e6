//! Whether anybody waits for pods to come and go, and one task looks for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Who watches.
#[derive(Debug, Default)]
pub(super) struct Lookout(Mutex<Watchers>);

#[derive(Debug, Default)]
struct Watchers {
    /// Held by each of them.
    shared: Weak<()>,
    /// There is a task that looks for them.
    is_looked: bool,
}

impl Lookout {
    /// Has somebody begin to look, or joins those for whom somebody looks already.
    pub(super) fn join(&self, begin: impl FnOnce()) -> Arc<()> {
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

    /// Whether anyone watches. If nobody does, the task has to end.
    pub(super) fn is_watched(&self) -> bool {
        let mut watchers = self.watchers();
        if watchers.shared.strong_count() == 0 {
            watchers.is_looked = false;
        }
        watchers.is_looked
    }

    fn watchers(&self) -> MutexGuard<'_, Watchers> {
        // Nothing that holds it can panic halfway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
