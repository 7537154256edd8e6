//! An instance among several: it looks at the changes of the database, applies them to memory,
//! confirms them, and holds the lease.

use std::{mem, sync::Arc, time::Duration};

use chrono::DateTime;
use service_runtime::clock::SystemClock;
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use super::{
    connect::timed_out, instances::SharedDatabase, lease::Lease, look_error::LookError,
    looks::LookRequest, metrics::InstanceMetrics, time::since_boot,
};
use crate::store::{
    database::{fatal::FatalFault, follow::Follow},
    unavailable::Unavailable,
};

/// The longest time between the beginnings of two looks.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long a look may take before it counts as failed.
const LOOK_TIME: Duration = Duration::from_secs(1);
/// The pause after a failed look: requests that wait would begin the next one at once.
const PAUSE: Duration = Duration::from_millis(50);
/// How long reading everything may take.
const LOAD_TIME: Duration = Duration::from_secs(300);

/// What an instance knows of itself.
#[derive(Debug, Clone)]
pub(in crate::store::database) struct Following {
    /// How long memory may be answered from without a look (`SSO_STORE_STALE_MAX`).
    pub(in crate::store::database) stale_max: Duration,
    /// Takes over the time of the server.
    pub(in crate::store::database) clock: Option<Arc<SystemClock>>,
    pub(in crate::store::database) metrics: InstanceMetrics,
    /// Makes an id that no instance has had.
    pub(in crate::store::database) new_id: fn() -> String,
    /// Raised when a later version has made a change that this one does not know.
    pub(in crate::store::database) fault: FatalFault,
}

/// An instance that has not expired as long as it looks often enough.
pub(super) struct Instance<S: SharedDatabase, F> {
    server: S,
    /// Empty before it registers.
    id: String,
    connection: Option<S::Connection>,
    follower: F,
    following: Following,
    lease: Lease,
    /// Whether the last look failed.
    failing: bool,
}

impl<S: SharedDatabase, F: Follow<S::Connection>> Instance<S, F> {
    /// An instance that knows nothing yet.
    pub(super) fn new(server: S, follower: F, following: Following, lease: Lease) -> Self {
        Self {
            server,
            id: String::new(),
            connection: None,
            follower,
            following,
            lease,
            failing: false,
        }
    }

    /// Loads everything, reports, and looks until it is stopped.
    pub(super) async fn run(
        mut self,
        requests: &mut mpsc::Receiver<LookRequest>,
        stopped: &mut oneshot::Receiver<()>,
        report: oneshot::Sender<Result<(), LookError>>,
    ) {
        let loaded = self.load().await;
        let failed = loaded.is_err();
        if report.send(loaded).is_err() || failed {
            return;
        }
        let mut begun = since_boot();
        loop {
            let mut waiting = Vec::new();
            let rest = INTERVAL.saturating_sub(since_boot().saturating_sub(begun));
            tokio::select! {
                biased;
                _ = &mut *stopped => break,
                _ = timeout(rest, requests.recv_many(&mut waiting, usize::MAX)) => {}
            }
            begun = since_boot();
            let looked = self.look_once().await;
            for request in waiting.into_iter().flatten() {
                let _ = request.send(looked.clone());
            }
        }
        self.lease.end();
        let _ = timeout(LOOK_TIME, self.leave()).await;
    }

    /// Registers, reads everything, and looks once: the lease holds from then on.
    async fn load(&mut self) -> Result<(), LookError> {
        self.follower.forget();
        let loaded = timeout(LOAD_TIME, self.try_load()).await;
        loaded.unwrap_or_else(|_| Err(timed_out().into()))?;
        let begun = since_boot();
        self.look().await?;
        self.lease.extend_until(begun + self.following.stale_max);
        Ok(())
    }

    async fn try_load(&mut self) -> Result<(), LookError> {
        self.register().await?;
        let id = self.id.clone();
        let (connection, follower) = self.parts().await?;
        follower.catch_up(connection).await?;
        S::confirm(connection, &id, follower.position().change).await?;
        Ok(())
    }

    /// Looks, and tells the result to the lease, the metrics and the log.
    async fn look_once(&mut self) -> Result<(), Unavailable> {
        let begun = since_boot();
        let looked = timeout(LOOK_TIME, self.look()).await;
        let looked = looked.unwrap_or_else(|_| Err(timed_out().into()));
        let took = since_boot().saturating_sub(begun);
        match looked {
            Ok(()) => {
                self.lease.extend_until(begun + self.following.stale_max);
                self.following.metrics.count_look(took, self.lease.left());
                self.note_success();
                Ok(())
            }
            Err(error) => Err(self.recover(error).await),
        }
    }

    async fn look(&mut self) -> Result<(), LookError> {
        let (id, clock) = (self.id.clone(), self.following.clock.clone());
        let (connection, follower) = self.parts().await?;
        let position = follower.position();
        let state = S::state(connection, &position, &id).await?;
        // First: of an instance that has expired, nobody keeps the changes that it needs.
        if !state.registered {
            return Err(LookError::Expired);
        }
        if !state.same_history {
            let pruned = position.change < state.first_change;
            return Err(if pruned { LookError::PrunedPast } else { LookError::HistoryCut });
        }
        if let (Some(clock), Some(now)) = (clock, DateTime::from_timestamp_millis(state.now)) {
            clock.follow(now);
        }
        follower.note_sessions(state.sessions);
        if state.last_change > position.change {
            follower.catch_up(connection).await?;
            if !S::confirm(connection, &id, follower.position().change).await? {
                return Err(LookError::Expired);
            }
        }
        Ok(())
    }

    /// Brings the instance back to where it can look again, and gives the answer for the requests
    /// that waited for the look that failed.
    async fn recover(&mut self, error: LookError) -> Unavailable {
        self.following.metrics.count_failed_look(self.lease.left());
        let recovered = match error {
            LookError::Database(error) => Err(error),
            LookError::UnknownChange(kind) => {
                self.lease.end();
                tracing::error!(kind, "a change of the database is unknown to this version");
                self.following.fault.raise();
                sleep(PAUSE).await;
                return Unavailable::Silent;
            }
            LookError::Gap => Ok(()),
            LookError::Expired => self.register_anew().await,
            LookError::PrunedPast => self.load_anew().await,
            LookError::HistoryCut => self.end_all_and_load_anew().await,
        };
        let Err(error) = recovered else {
            return Unavailable::Silent;
        };
        self.connection = None;
        if !self.failing {
            tracing::warn!(%error, "cannot read the changes of the database");
        }
        self.failing = true;
        sleep(PAUSE).await;
        error.into()
    }

    /// Memory is as good as before; the next look shows whether changes were pruned meanwhile.
    async fn register_anew(&mut self) -> Result<(), sqlx::Error> {
        self.lease.end();
        tracing::warn!("this instance did not confirm in time: registers anew");
        let register = async {
            self.register().await?;
            let id = self.id.clone();
            let (connection, follower) = self.parts().await?;
            S::confirm(connection, &id, follower.position().change).await?;
            Ok(())
        };
        timeout(LOOK_TIME, register).await.unwrap_or_else(|_| Err(timed_out()))
    }

    /// Registers by an id of its own each time: a network may deliver later what was sent over
    /// another connection, and that must not change the row that counts.
    async fn register(&mut self) -> Result<(), sqlx::Error> {
        let new = (self.following.new_id)();
        let old = mem::replace(&mut self.id, new.clone());
        let stale_max = self.following.stale_max;
        let (connection, _) = self.parts().await?;
        S::remove(connection, &old).await?;
        S::register(connection, &new, stale_max).await
    }

    async fn load_anew(&mut self) -> Result<(), sqlx::Error> {
        self.lease.end();
        tracing::warn!(
            "changes were pruned that this instance has not seen: loads everything anew"
        );
        self.load().await.map_err(LookError::into_sqlx)
    }

    async fn end_all_and_load_anew(&mut self) -> Result<(), sqlx::Error> {
        self.lease.end();
        tracing::error!(
            "the database lacks committed changes, as after a fail-over to a standby that was \
             behind: ending all sessions"
        );
        timeout(LOOK_TIME, self.end_all()).await.unwrap_or_else(|_| Err(timed_out()))?;
        self.load().await.map_err(LookError::into_sqlx)
    }

    fn note_success(&mut self) {
        if self.failing {
            tracing::info!("the changes of the database can be read again");
        }
        self.failing = false;
    }

    async fn end_all(&mut self) -> Result<(), sqlx::Error> {
        let (connection, _) = self.parts().await?;
        S::end_all_sessions(connection).await
    }

    async fn leave(&mut self) -> Result<(), sqlx::Error> {
        let id = self.id.clone();
        let (connection, _) = self.parts().await?;
        S::remove(connection, &id).await
    }

    /// The connection, made anew if it is broken, and the follower.
    async fn parts(&mut self) -> Result<(&mut S::Connection, &mut F), sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.server.connect().await?,
        };
        Ok((self.connection.insert(connection), &mut self.follower))
    }
}
