//! The time of a simulation.

use std::{cell::Cell, time::Duration};

use tokio::time::Instant;

thread_local! {
    static START: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The time of the simulation that runs on this thread, if one does.
pub(in super::super) fn simulated_time() -> Option<Duration> {
    START.get().map(|start| start.elapsed() + Duration::from_secs(1))
}

/// Begins a simulation on this thread, whose runtime has to be paused.
pub(super) fn begin() {
    START.set(Some(Instant::now()));
}

/// Ends it.
pub(super) fn end() {
    START.set(None);
}
