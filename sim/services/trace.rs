//! What happens in a simulation, a line for each event.

use std::{cell::RefCell, rc::Rc, time::Duration};

/// The lines. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace(Rc<RefCell<Vec<String>>>);

impl Trace {
    /// Notes what a host does now.
    pub(crate) fn note(&self, event: &str) {
        self.note_at(turmoil::sim_elapsed().unwrap_or_default(), event);
    }

    /// Notes what happens at this time.
    pub(crate) fn note_at(&self, time: Duration, event: &str) {
        self.0.borrow_mut().push(format!("{time:?} {event}"));
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}
