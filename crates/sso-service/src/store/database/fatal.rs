//! Faults after which the process must end.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

/// Tells the service that the store must not be used any more. Clones tell the same.
#[derive(Debug, Clone, Default)]
pub(super) struct FatalFault(Arc<FaultState>);

#[derive(Debug, Default)]
struct FaultState {
    has_occurred: AtomicBool,
    occurrence: Notify,
}

impl FatalFault {
    /// It has occurred. The log says what it was.
    pub(super) fn raise(&self) {
        self.0.has_occurred.store(true, Ordering::Release);
        self.0.occurrence.notify_one();
    }

    /// Returns when it has occurred. One task may wait for it.
    pub(super) async fn raised(&self) {
        self.0.occurrence.notified().await;
    }

    /// Whether it has occurred.
    pub(super) fn has_occurred(&self) -> bool {
        self.0.has_occurred.load(Ordering::Acquire)
    }
}
