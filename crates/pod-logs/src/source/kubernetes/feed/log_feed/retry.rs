//! When the API server is asked again.

use std::{pin::pin, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::{ConnectionError, LogFeed, PATIENCE, Stop};
use crate::source::kubernetes::{
    api::{api_error::ApiError, denial::Denial},
    feed::piece::{FailureKind, FeedEnd, FeedFailure, Piece},
};

/// The first and the longest wait before the API server is asked again.
const RETRY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];
/// After how long a failure of the API server is told.
const TOLD_AFTER: Duration = Duration::from_secs(2);

/// When the API server is asked again.
pub(super) struct Retry {
    wait: Duration,
    /// When it failed first.
    began: Option<Instant>,
    /// For how long it may fail. `None`: as long as the log is read.
    patience: Option<Duration>,
    denial: Denial,
}

impl Retry {
    /// Whether a later request may be answered.
    fn may_pass(&mut self, error: &ApiError) -> bool {
        let is_lasting = self.denial.is_lasting(Some(error));
        error.is_passing() || error.is_not_found() || (error.is_forbidden() && !is_lasting)
    }

    fn failed_for(&self) -> Duration {
        self.began.map(|began| began.elapsed()).unwrap_or_default()
    }

    /// Waits longer each time.
    pub(super) async fn wait(&mut self) -> Result<(), Stop> {
        self.began.get_or_insert_with(Instant::now);
        if self.patience.is_some_and(|patience| self.failed_for() >= patience) {
            let failure = FeedFailure::unavailable("the API server gives no more of the log");
            return Err(Stop::End(FeedEnd::Failed(failure)));
        }
        sleep(self.wait).await;
        self.wait = (2 * self.wait).min(RETRY[1]);
        Ok(())
    }
}

impl LogFeed {
    pub(super) fn retry(&self) -> Retry {
        Retry {
            wait: RETRY[0],
            began: None,
            patience: (!self.is_followed_with_others()).then_some(PATIENCE),
            denial: Denial::default(),
        }
    }

    /// Waits after an error, if that may pass.
    pub(super) async fn wait_after(
        &mut self,
        error: &ConnectionError,
        retry: &mut Retry,
    ) -> Result<(), Stop> {
        tracing::debug!(%error, "cannot read on in a log");
        if let ConnectionError::Api(error) = error {
            if !retry.may_pass(error) {
                return Err(Stop::End(FeedEnd::Failed(self.failure(error))));
            }
            if self.is_followed_with_others() {
                // The others do not wait for it.
                self.pieces.be_quiet();
                let is_told = self.is_unreachable || error.is_not_found();
                if !is_told && retry.failed_for() >= TOLD_AFTER {
                    self.is_unreachable = true;
                    self.pieces.send(Piece::Unreachable(error.status())).await?;
                    self.pieces.be_quiet();
                }
            }
        }
        retry.wait().await
    }

    /// The same log is received again.
    pub(super) async fn note_reachable(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.is_unreachable) {
            self.pieces.send(Piece::Reachable).await?;
        }
        Ok(())
    }

    /// Does something for which logs that are followed wait no longer than this.
    pub(super) async fn quiet_after<T>(
        &self,
        patience: Duration,
        doing: impl Future<Output = T>,
    ) -> T {
        let mut doing = pin!(doing);
        match timeout(patience, &mut doing).await {
            Ok(done) => done,
            Err(_) => {
                if self.is_followed_with_others() {
                    self.pieces.be_quiet();
                }
                doing.await
            }
        }
    }

    fn is_followed_with_others(&self) -> bool {
        self.options.follow && self.options.group.is_some()
    }

    fn failure(&self, error: &ApiError) -> FeedFailure {
        let kind = match error.is_forbidden() && self.server.is_for_user() {
            true => FailureKind::Forbidden,
            false => FailureKind::Unavailable(error.status()),
        };
        FeedFailure { reason: error.to_string(), kind }
    }
}
