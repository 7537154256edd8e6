//! Faults after which the process must end.

use std::sync::Arc;

use tokio::sync::Notify;

/// Tells the service that the store must not be used any more. Clones tell the same.
#[derive(Debug, Clone, Default)]
pub(super) struct FatalFault(Arc<Notify>);

impl FatalFault {
    /// It has occurred. The log says what it was.
    pub(super) fn raise(&self) {
        self.0.notify_one();
    }

    /// Returns when it has occurred. One task may wait for it.
    pub(super) async fn raised(&self) {
        self.0.notified().await;
    }
}
