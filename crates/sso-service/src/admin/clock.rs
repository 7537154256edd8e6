//! `admin clock …`

use clap::Subcommand;
use service_runtime::clock::{Clock, SystemClock};

use super::error::AdminError;
use crate::{
    audit::{Event, Kind},
    database::Database,
    timekeeping,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Begin anew at this machine's time, after the clock was wrong; ends all sessions
    Reset,
}

impl ClockCommand {
    /// Does it. No service may run meanwhile: it would go on by its own time.
    pub(super) async fn run(self, database: &Database) -> Result<(), AdminError> {
        let Self::Reset = self;
        Ok(timekeeping::reset(database, SystemClock::default().now()).await?)
    }

    /// What it is in the audit log, when it is done.
    pub(super) fn event(&self, event: Event) -> Option<Event> {
        let Self::Reset = self;
        Some(event.of_kind(Kind::AdminRevoke).because("clock_reset"))
    }
}
