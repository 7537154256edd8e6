//! `admin clock …`

use clap::Subcommand;
use service_runtime::clock::{Clock, SystemClock};

use crate::{
    administration::{Actor, Administration},
    shell::error::AdminError,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Begin anew at this machine's time, after the clock was wrong; ends all sessions
    Reset,
}

impl ClockCommand {
    pub(in crate::shell) async fn run(
        self,
        administration: &Administration,
    ) -> Result<(), AdminError> {
        let Self::Reset = self;
        // By this machine's clock, not by the greatest instant seen before.
        let now = SystemClock::default().now();
        Ok(administration.reset_clock(Actor::Shell, now).await?)
    }
}
