//! The time that services go on from.

use chrono::{DateTime, Utc};

use super::{actor::Actor, error::AdministrationError, service::Administration};
use crate::audit::Kind;

impl Administration {
    /// Begins anew at this instant, after the clock was wrong. All sessions end. No service may run
    /// meanwhile: it would go on by its own time.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn reset_clock(
        &self,
        actor: Actor<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), AdministrationError> {
        let by = self.by(actor, vec![self.event(actor, Kind::AdminRevoke, "clock_reset")]);
        self.recorded(self.store.reset_clock(now, by).await?);
        Ok(())
    }
}
