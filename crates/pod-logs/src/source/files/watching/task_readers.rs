//! Counts the readers of a background task, which begins with the first and ends with the last.

use std::sync::{Arc, Weak};

/// What the readers of one background task hold. A reader is counted as long as it holds its value.
///
/// The owner keeps this under its own lock. It starts a task when [`add`](Self::add) asks for one,
/// and the task ends once [`held`](Self::held) is empty. A task that has not noticed yet that its
/// last reader left goes on with the next one, so there is never more than one.
#[derive(Debug)]
pub(crate) struct TaskReaders<T> {
    /// In the order in which they were added.
    values: Vec<Weak<T>>,
    has_task: bool,
}

impl<T> Default for TaskReaders<T> {
    fn default() -> Self {
        Self { values: Vec::new(), has_task: false }
    }
}

impl<T> TaskReaders<T> {
    /// The value that was added last, if a reader holds it.
    pub(crate) fn newest(&self) -> Option<Arc<T>> {
        self.values.last()?.upgrade()
    }

    /// Adds a value that readers hold. True if no task runs: the caller has to start one.
    #[must_use = "the caller has to start a task if none runs"]
    pub(crate) fn add(&mut self, value: &Arc<T>) -> bool {
        self.values.push(Arc::downgrade(value));
        !std::mem::replace(&mut self.has_task, true)
    }

    /// The values that readers hold, for the task. If there are none, the task has to end.
    pub(crate) fn held(&mut self) -> Vec<Arc<T>> {
        self.values.retain(|value| value.strong_count() > 0);
        let held: Vec<_> = self.values.iter().filter_map(Weak::upgrade).collect();
        self.has_task = !held.is_empty();
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reader_starts_the_task_and_the_last_ends_it() {
        let mut readers = TaskReaders::default();
        let [one, other] = [Arc::new(1), Arc::new(2)];
        assert!(readers.add(&one));
        assert!(!readers.add(&other));
        drop(one);
        assert_eq!(readers.held(), [Arc::new(2)]);
        drop(other);
        assert!(readers.held().is_empty());
        assert!(readers.add(&Arc::new(3)));
    }

    #[test]
    fn a_task_that_still_runs_goes_on_with_the_next_reader() {
        let mut readers = TaskReaders::default();
        assert!(readers.add(&Arc::new(1)));
        let next = Arc::new(2);
        assert!(!readers.add(&next));
        assert_eq!(readers.held(), [next]);
    }

    #[test]
    fn the_newest_value_is_shared_while_a_reader_holds_it() {
        let mut readers = TaskReaders::default();
        let [one, other] = [Arc::new(1), Arc::new(2)];
        assert_eq!(readers.newest(), None);
        assert!(readers.add(&one));
        assert!(!readers.add(&other));
        assert_eq!(readers.newest(), Some(Arc::new(2)));
        drop(other);
        assert_eq!(readers.newest(), None);
    }
}
