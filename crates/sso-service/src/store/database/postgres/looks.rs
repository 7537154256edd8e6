//! Looks at the database that several requests share.

use tokio::sync::{mpsc, oneshot};

use crate::store::unavailable::Unavailable;

/// How many requests may wait for a look.
const WAITING: usize = 4096;

/// Asks for looks. One look is in progress at a time; the next one serves all that wait for it.
#[derive(Debug, Clone)]
pub(in crate::store::database) struct Looks(mpsc::Sender<LookRequest>);

/// Somebody waits for a look that begins after this was sent.
pub(super) type LookRequest = Option<oneshot::Sender<Result<(), Unavailable>>>;

impl Looks {
    pub(super) fn new() -> (Self, mpsc::Receiver<LookRequest>) {
        let (requests, waiting) = mpsc::channel(WAITING);
        (Self(requests), waiting)
    }

    /// Returns when a look that began after the call is in force in memory.
    ///
    /// # Errors
    /// When the database cannot be read in time, or too many requests wait.
    pub(in crate::store::database) async fn look(&self) -> Result<(), Unavailable> {
        let (done, looked) = oneshot::channel();
        self.0.try_send(Some(done)).map_err(|_| Unavailable::Silent)?;
        looked.await.unwrap_or(Err(Unavailable::Silent))
    }

    /// Has the next look begin at once, and does not wait for it.
    pub(super) fn hasten(&self) {
        // A full queue means that a look is about to begin.
        let _ = self.0.try_send(None);
    }
}
