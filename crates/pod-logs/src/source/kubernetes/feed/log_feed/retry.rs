//! When the API server is asked again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{ConnectionError, PATIENCE, Stop};
use crate::source::kubernetes::feed::piece::FeedEnd;

/// The first and the longest wait before the API server is asked again.
const RETRY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];

/// When the API server is asked again.
pub(super) struct Retry {
    wait: Duration,
    /// Until when it may fail. `None` before it has failed.
    ends: Option<Instant>,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self { wait: RETRY[0], ends: None }
    }

    /// Waits longer each time.
    pub(super) async fn wait(&mut self) -> Result<(), Stop> {
        let now = Instant::now();
        if now >= *self.ends.get_or_insert(now + PATIENCE) {
            let failed = "the API server gives no more of the log".to_owned();
            return Err(Stop::End(FeedEnd::Failed(failed)));
        }
        sleep(self.wait).await;
        self.wait = (2 * self.wait).min(RETRY[1]);
        Ok(())
    }

    /// The same after an error, if that may pass.
    pub(super) async fn after(&mut self, error: &ConnectionError) -> Result<(), Stop> {
        tracing::debug!(%error, "cannot read on in a log");
        match error {
            ConnectionError::Api(error) if !error.is_passing() && !error.is_not_found() => {
                Err(Stop::End(FeedEnd::Failed(error.to_string())))
            }
            _ => self.wait().await,
        }
    }
}
