//! What has to be done now and then: retry, write down, sweep.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use service_runtime::{clock::Clock, metrics::Metrics};
use sqlx::{SqliteConnection, query};
use tokio::time::{Instant, interval};

use super::{
    live_session::LiveSession,
    store::SessionStore,
    sweep::{self, sweep},
};
use crate::{audit::AuditLog, store::Unavailable, timekeeping};

/// How often what could not be written is tried again, and what is over is swept away.
const PERIOD: Duration = Duration::from_secs(1);
/// How often it is written when sessions were last seen.
const USE_PERIOD: Duration = Duration::from_secs(30);
/// How often the greatest instant seen is written: shorter than a token may be ahead.
const TIME_PERIOD: TimeDelta = TimeDelta::seconds(30);
/// How many sessions are written at a time: log-ins wait for no longer than these take.
const STEP: usize = 1000;

/// Looks after the sessions of a running service.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Arc<SessionStore>,
    clock: Arc<dyn Clock>,
    audit: AuditLog,
    /// Sessions that were swept away.
    swept: Counter,
    /// When all was swept that was over, in seconds since 1970.
    last_sweep: Gauge,
}

impl Keeper {
    /// Looks after these sessions.
    pub(crate) fn new(
        store: Arc<SessionStore>,
        clock: Arc<dyn Clock>,
        audit: AuditLog,
        metrics: &Metrics,
    ) -> Self {
        let swept = metrics.register(
            "sessions_swept",
            "Sessions removed because their time was over",
            Counter::default(),
        );
        let last_sweep = metrics.register(
            "sessions_last_sweep_timestamp_seconds",
            "When nothing was left that was over, in seconds since 1970",
            Gauge::default(),
        );
        Self { store, clock, audit, swept, last_sweep }
    }

    /// Goes on until it is dropped. What fails is tried again the next time.
    pub(crate) async fn run(&self) {
        let mut ticks = interval(PERIOD);
        let mut time_persisted = DateTime::UNIX_EPOCH;
        let mut uses_written = Instant::now();
        loop {
            ticks.tick().await;
            let _ = self.store.write_revocations().await;
            let _ = self.write_first_uses().await;
            let now = self.clock.now();
            // Also at once when the clock was set forward.
            if now - time_persisted >= TIME_PERIOD && self.persist_time().await.is_ok() {
                time_persisted = now;
            }
            let _ = self.sweep().await;
            if uses_written.elapsed() >= USE_PERIOD {
                uses_written = Instant::now();
                let _ = self.write_uses().await;
            }
        }
    }

    /// The last that is done before the database is closed.
    pub(crate) async fn finish(&self) {
        if let Err(error) = self.store.write_revocations().await {
            tracing::error!(%error, "cannot persist revocations: they are in the journal only");
        }
        if let Err(error) = self.persist_time().await {
            tracing::warn!(%error, "cannot persist the time");
        }
        if let Err(error) = self.write_first_uses().await {
            tracing::warn!(%error, "cannot persist which tokens were used");
        }
        if let Err(error) = self.write_uses().await {
            tracing::warn!(%error, "cannot persist when sessions were last seen");
        }
    }

    /// A later process goes on from this instant.
    pub(super) async fn persist_time(&self) -> Result<(), Unavailable> {
        timekeeping::persist(self.store.database(), self.clock.now()).await
    }

    /// Removes what is over.
    pub(crate) async fn sweep(&self) -> Result<(), Unavailable> {
        let mut go_on = ControlFlow::Continue(());
        while go_on.is_continue() {
            let (now, known) = (self.clock.now(), self.store.live().last_change());
            let step = async move |connection: &mut SqliteConnection| {
                Ok::<_, Unavailable>(sweep(connection, now, known).await?)
            };
            let expired;
            (expired, go_on) = self.store.database().write(step).await?;
            self.swept.inc_by(expired.len() as u64);
            sweep::events(&expired, now).into_iter().for_each(|event| self.audit.record(event));
        }
        self.last_sweep.set(self.clock.now().timestamp());
        Ok(())
    }

    /// Writes when the sessions were last seen that were used.
    pub(super) async fn write_uses(&self) -> Result<(), Unavailable> {
        let used = self.store.live().take_used();
        for (at, some) in used.chunks(STEP).enumerate() {
            let write = "UPDATE sessions SET last_seen_at = max(last_seen_at, used.value ->> 1)
                 FROM json_each(?) AS used WHERE sessions.number = used.value ->> 0";
            if let Err(error) = self.write(write, some, LiveSession::last_seen_millis).await {
                used[at * STEP..].iter().for_each(|rest| self.store.live().keep_used(rest));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Writes which of the tokens that were issued by a refresh have been used since.
    pub(super) async fn write_first_uses(&self) -> Result<(), Unavailable> {
        let used = self.store.live().take_first_used();
        for (at, some) in used.chunks(STEP).enumerate() {
            let write = "UPDATE sessions
                 SET used_issued_at = max(coalesce(used_issued_at, 0), used.value ->> 1)
                 FROM json_each(?) AS used WHERE sessions.number = used.value ->> 0";
            if let Err(error) = self.write(write, some, LiveSession::used_issued_at).await {
                used[at * STEP..].iter().for_each(|rest| self.store.live().keep_first_used(rest));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Runs a statement with pairs of a session's number and an instant of it.
    async fn write(
        &self,
        statement: &'static str,
        sessions: &[Arc<LiveSession>],
        instant: fn(&LiveSession) -> i64,
    ) -> Result<(), Unavailable> {
        let pairs: Vec<_> =
            sessions.iter().map(|session| [session.number, instant(session)]).collect();
        let pairs = serde_json::json!(pairs).to_string();
        let write = async move |connection: &mut SqliteConnection| {
            query(statement).bind(pairs).execute(connection).await?;
            Ok::<_, Unavailable>(())
        };
        self.store.database().write(write).await
    }
}
