//! The thread that keeps memory up to date with the server and holds the lease.
//!
//! It has a connection of its own that never takes the writers' lock, and a thread of its own, so
//! that neither a long write nor a busy worker delays it.

use std::{io, sync::Arc, thread, time::Duration};

use chrono::DateTime;
use service_runtime::clock::{Clock, SystemClock, id_at, since_boot};
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};
use tracing::{Instrument, error_span};

use super::{
    connect::{connect, timed_out},
    instances::{confirm, register, remove},
    lease::Lease,
    listener::listen,
    looks::{LookRequest, Looks},
    metrics::InstanceMetrics,
    server::PostgresServer,
    writer::BEGIN_WRITING,
};
use crate::store::{
    database::{
        fatal::FatalFault,
        follow::{Follow, FollowError, Position},
    },
    sql::{FromSqlRow, SqlConnection, SqlRow, query, run_script},
    unavailable::Unavailable,
    users::end_all_sessions,
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
    /// Raised when a later version has made a change that this one does not know.
    pub(in crate::store::database) fault: FatalFault,
}

/// The running thread.
#[derive(Debug)]
pub(in crate::store::database) struct FollowerThread {
    pub(in crate::store::database) lease: Lease,
    pub(in crate::store::database) looks: Looks,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl FollowerThread {
    /// Ends the lease, removes the instance from the table, and returns when that is done.
    pub(in crate::store::database) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.ended.await;
    }
}

/// Starts the thread. Everything is in memory, and the lease holds, when this returns.
///
/// # Errors
/// When there is no thread, or the server cannot be read.
pub(in crate::store::database) async fn start(
    server: PostgresServer,
    follower: impl Follow,
    following: Following,
) -> Result<FollowerThread, StartFollowerError> {
    let (looks, requests) = Looks::new();
    let (lease, (stop, stopped), (report, loaded)) =
        (Lease::default(), oneshot::channel(), oneshot::channel());
    let (ended, end) = oneshot::channel();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = Instance {
        server: server.clone(),
        id: id_at(SystemClock::default().now()).to_string(),
        connection: None,
        follower,
        following,
        lease: lease.clone(),
        failing: false,
    };
    let listening = listen(server, looks.clone());
    thread::Builder::new().name("follower".to_owned()).spawn(move || {
        let run = async move {
            let listening = tokio::spawn(listening);
            thread.run(requests, stopped, report).await;
            listening.abort();
        };
        runtime.block_on(run.instrument(error_span!("follower")));
        let _ = ended.send(());
    })?;
    match loaded.await {
        Ok(Ok(())) => Ok(FollowerThread { lease, looks, stop, ended: end }),
        Ok(Err(error)) => Err(StartFollowerError::Load(error)),
        Err(_) => Err(io::Error::other("the follower has ended").into()),
    }
}

struct Instance<F> {
    server: PostgresServer,
    id: String,
    connection: Option<SqlConnection>,
    follower: F,
    following: Following,
    lease: Lease,
    /// Whether the last look failed.
    failing: bool,
}

impl<F: Follow> Instance<F> {
    async fn run(
        mut self,
        mut requests: mpsc::Receiver<LookRequest>,
        mut stopped: oneshot::Receiver<()>,
        report: oneshot::Sender<Result<(), LookError>>,
    ) {
        let loaded = self.load().await;
        let failed = loaded.is_err();
        if report.send(loaded).is_err() || failed {
            return;
        }
        loop {
            let mut waiting = Vec::new();
            tokio::select! {
                _ = &mut stopped => break,
                _ = timeout(INTERVAL, requests.recv_many(&mut waiting, usize::MAX)) => {}
            }
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
        let (id, stale_max) = (self.id.clone(), self.following.stale_max);
        let (connection, follower) = self.parts().await?;
        register(connection, &id, stale_max).await?;
        follower.catch_up(connection).await?;
        confirm(connection, &id, follower.position().change).await?;
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
        let Position { change, tag } = follower.position();
        let state = query(STATE).bind(change).bind(&tag).bind(&id);
        let state: ServerState = state.fetch_one(connection).await?;
        if !state.same_history {
            return Err(LookError::HistoryCut);
        }
        if !state.registered {
            return Err(LookError::Expired);
        }
        if let (Some(clock), Some(now)) = (clock, DateTime::from_timestamp_millis(state.now)) {
            clock.follow(now);
        }
        if state.last_change > change {
            follower.catch_up(connection).await?;
            if !confirm(connection, &id, follower.position().change).await? {
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
            LookError::Expired => self.register_anew().await,
            LookError::HistoryCut => self.load_anew().await,
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
            let (id, stale_max) = (self.id.clone(), self.following.stale_max);
            let (connection, follower) = self.parts().await?;
            register(connection, &id, stale_max).await?;
            confirm(connection, &id, follower.position().change).await?;
            Ok(())
        };
        timeout(LOOK_TIME, register).await.unwrap_or_else(|_| Err(timed_out()))
    }

    async fn load_anew(&mut self) -> Result<(), sqlx::Error> {
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
        run_script(connection, BEGIN_WRITING).await?;
        end_all_sessions(connection).await?;
        run_script(connection, "COMMIT").await
    }

    async fn leave(&mut self) -> Result<(), sqlx::Error> {
        let id = self.id.clone();
        let (connection, _) = self.parts().await?;
        remove(connection, &id).await
    }

    /// The connection, made anew if it is broken, and the follower.
    async fn parts(&mut self) -> Result<(&mut SqlConnection, &mut F), sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.server).await?,
        };
        Ok((self.connection.insert(connection), &mut self.follower))
    }
}

/// Of the last change in memory with its tag, and this instance: whether the history is the same,
/// whether the instance is registered, the last change there is, and the time.
const STATE: &str = "SELECT
    EXISTS (SELECT 1 FROM changes WHERE seq = $1 AND tag = $2) AS same_history,
    EXISTS (SELECT 1 FROM instances WHERE id = $3 AND NOT expired) AS registered,
    coalesce((SELECT max(seq) FROM changes), 0) AS last_change,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

struct ServerState {
    same_history: bool,
    registered: bool,
    last_change: i64,
    /// In milliseconds since 1970.
    now: i64,
}

impl FromSqlRow for ServerState {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            same_history: row.get("same_history")?,
            registered: row.get("registered")?,
            last_change: row.get("last_change")?,
            now: row.get("now")?,
        })
    }
}

/// A look did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("a change of the kind {0:?} is unknown to this version")]
    UnknownChange(String),
    #[error("the instance has expired")]
    Expired,
    #[error("the database lacks committed changes")]
    HistoryCut,
}

impl LookError {
    fn into_sqlx(self) -> sqlx::Error {
        match self {
            Self::Database(error) => error,
            error => sqlx::Error::Protocol(error.to_string()),
        }
    }
}

impl From<FollowError> for LookError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Database(error) => Self::Database(error),
            FollowError::UnknownChange(kind) => Self::UnknownChange(kind),
        }
    }
}

/// The follower could not be started.
#[derive(Debug, thiserror::Error)]
pub(in crate::store::database) enum StartFollowerError {
    #[error(transparent)]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Load(#[from] LookError),
}
