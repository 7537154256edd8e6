//! `admin clock …`

use clap::Subcommand;
use service_runtime::clock::{Clock, SystemClock};
use sqlx::SqliteConnection;

use super::error::AdminError;
use crate::{
    audit::{AuditRecord, Kind},
    timekeeping,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Begin anew at this machine's time, after the clock was wrong; ends all sessions
    Reset,
}

impl ClockCommand {
    /// Does it. No service may run meanwhile: it would go on by its own time.
    pub(super) async fn run(self, record: &mut AuditRecord) -> Result<(), AdminError> {
        let Self::Reset = self;
        // By this machine's clock, and not by what was seen before.
        let now = SystemClock::default().now();
        let event = record.event(Kind::AdminRevoke).because("clock_reset");
        let reset = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdminError>(timekeeping::reset(connection, now).await?)
        };
        record.change(event, reset).await
    }
}
