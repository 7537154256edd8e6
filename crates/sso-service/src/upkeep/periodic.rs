//! What a running service does every second.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use service_runtime::{clock::Clock, metrics::Metrics};
use tokio::time::{Instant, interval};

use super::expired;
use crate::{
    audit::AuditLog,
    store::{Store, Unavailable},
};

/// How often revocations are tried again, and what is over is removed.
const PERIOD: Duration = Duration::from_secs(1);
/// How often it is written when sessions were last seen.
const USE_PERIOD: Duration = Duration::from_secs(30);
/// How often the greatest instant is persisted: shorter than a token may be ahead.
const TIME_PERIOD: TimeDelta = TimeDelta::seconds(30);

/// The regular work on the store of a running service.
#[derive(Debug)]
pub(crate) struct Upkeep {
    store: Store,
    clock: Arc<dyn Clock>,
    audit: AuditLog,
    /// Sessions that were removed.
    swept: Counter,
    /// Time of the last complete sweep, in seconds since 1970.
    last_sweep: Gauge,
}

impl Upkeep {
    /// The upkeep of this store.
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        audit: AuditLog,
        metrics: &Metrics,
    ) -> Self {
        let swept =
            metrics.register("sessions_swept", "Expired sessions removed", Counter::default());
        let last_sweep = metrics.register(
            "sessions_last_sweep_timestamp_seconds",
            "Time of the last complete sweep, in seconds since 1970",
            Gauge::default(),
        );
        Self { store, clock, audit, swept, last_sweep }
    }

    /// Goes on until it is dropped. Work that fails is tried again the next time.
    pub(crate) async fn run(&self) {
        let mut ticks = interval(PERIOD);
        let mut time_persisted = DateTime::UNIX_EPOCH;
        let mut uses_written = Instant::now();
        loop {
            ticks.tick().await;
            let _ = self.store.write_revocations().await;
            let _ = self.store.write_first_uses().await;
            let now = self.clock.now();
            // Also at once when the clock was set forward.
            if now - time_persisted >= TIME_PERIOD && self.store.persist_instant(now).await.is_ok()
            {
                time_persisted = now;
            }
            let _ = self.store.begin_history().await;
            let _ = self.sweep().await;
            if uses_written.elapsed() >= USE_PERIOD {
                uses_written = Instant::now();
                let _ = self.store.write_uses().await;
                if let Some(shared) = self.store.live_sessions().shared() {
                    shared.forget_expired(now);
                }
            }
        }
    }

    /// The last work before the store is closed.
    pub(crate) async fn finish(&self) {
        if let Err(error) = self.store.write_revocations().await {
            tracing::error!(%error, "cannot persist revocations: they are in the journal only");
        }
        if let Err(error) = self.store.persist_instant(self.clock.now()).await {
            tracing::warn!(%error, "cannot persist the time");
        }
        if let Err(error) = self.store.write_first_uses().await {
            tracing::warn!(%error, "cannot persist the use of tokens");
        }
        if let Err(error) = self.store.write_uses().await {
            tracing::warn!(%error, "cannot persist last-seen times");
        }
    }

    /// Removes what is over.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn sweep(&self) -> Result<(), Unavailable> {
        let mut go_on = ControlFlow::Continue(());
        while go_on.is_continue() {
            let now = self.clock.now();
            let expired;
            (expired, go_on) = self.store.sweep(now).await?;
            self.swept.inc_by(expired.len() as u64);
            expired::events(&expired, now).into_iter().for_each(|event| self.audit.record(event));
        }
        self.last_sweep.set(self.clock.now().timestamp());
        Ok(())
    }
}
