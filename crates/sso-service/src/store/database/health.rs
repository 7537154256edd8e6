//! Whether writes succeed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::store::sql::{SqlConnection, query};

/// How long an idle database may go without a look whether it can be written.
const PERIOD: Duration = Duration::from_secs(5);
/// The same, when the last write failed.
const SHORT_PERIOD: Duration = Duration::from_secs(1);

/// Whether the last write to the database succeeded. Clones tell the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    failing: Arc<AtomicBool>,
}

/// The writer's look at the health.
#[derive(Debug)]
pub(super) struct HealthCheck {
    health: Health,
    last: Instant,
}

impl Health {
    pub(super) fn is_good(&self) -> bool {
        !self.failing.load(Ordering::Relaxed)
    }
}

impl HealthCheck {
    pub(super) fn of(health: Health) -> Self {
        Self { health, last: Instant::now() }
    }

    /// Notes a commit that failed. A success would prove nothing: it may have written nothing.
    pub(super) fn note(&self, error: &sqlx::Error) {
        self.set(Err(error));
    }

    /// Whether it is time for a [`probe`].
    pub(super) fn is_due(&self) -> bool {
        let period = if self.health.is_good() { PERIOD } else { SHORT_PERIOD };
        self.last.elapsed() >= period
    }

    /// Notes the result of a probe.
    pub(super) fn finish(&mut self, probed: &Result<(), sqlx::Error>) {
        self.last = Instant::now();
        self.set(probed.as_ref().copied());
    }

    fn set(&self, result: Result<(), &sqlx::Error>) {
        let was_failing = self.health.failing.swap(result.is_err(), Ordering::Relaxed);
        match result {
            Err(error) if !was_failing => {
                tracing::error!(%error, "cannot write to the database: not ready");
            }
            Ok(()) if was_failing => tracing::info!("writes to the database succeed again"),
            _ => {}
        }
    }
}

/// Writes a row that stays the same.
pub(super) async fn probe(connection: &mut SqlConnection) -> Result<(), sqlx::Error> {
    query("UPDATE session_count SET sessions = sessions").execute(connection).await?;
    Ok(())
}
