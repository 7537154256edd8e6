//! Bounds how many events exist at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The places of a queue.
#[derive(Debug)]
pub(super) struct Places {
    taken: AtomicUsize,
    /// Those whose event has not come yet.
    promised: AtomicUsize,
    total: usize,
}

/// A place of one event, free again when dropped.
#[derive(Debug)]
pub struct Place(Arc<Places>);

/// A place whose event has not come yet.
#[derive(Debug)]
pub(super) struct PromisedPlace(Place);

impl Places {
    pub(super) fn new(total: usize) -> Arc<Self> {
        Arc::new(Self { taken: AtomicUsize::new(0), promised: AtomicUsize::new(0), total })
    }

    /// Takes one; `None` if all are taken.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let place = Place(self.clone());
        // Gives it back if there was none.
        let others = self.taken.fetch_add(1, Ordering::Relaxed);
        (others < self.total).then_some(place)
    }

    /// Takes one for an event that comes later.
    pub(super) fn promise(self: &Arc<Self>) -> Option<PromisedPlace> {
        let place = self.take()?;
        self.promised.fetch_add(1, Ordering::Relaxed);
        Some(PromisedPlace(place))
    }

    /// How many places wait for their events.
    pub(super) fn promised(&self) -> usize {
        self.promised.load(Ordering::Acquire)
    }

    /// Whether there is one.
    pub(super) fn has_free(&self) -> bool {
        self.taken.load(Ordering::Relaxed) < self.total
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

impl PromisedPlace {
    /// The place, for as long as its event is not written.
    pub(super) fn place(&self) -> Place {
        self.0.0.taken.fetch_add(1, Ordering::Relaxed);
        Place(self.0.0.clone())
    }
}

impl Drop for PromisedPlace {
    fn drop(&mut self) {
        // The event was sent before: a thread that reads a count of zero finds all events in the
        // queue.
        self.0.0.promised.fetch_sub(1, Ordering::Release);
    }
}
