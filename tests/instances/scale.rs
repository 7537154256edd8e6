//! How much a run does.

use std::{sync::OnceLock, time::Duration};

use clap::Args;

static SCALE: OnceLock<Scale> = OnceLock::new();

/// How much a run does.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Scale {
    /// How often something begins at one instance and is validated at another
    #[arg(long, default_value_t = 2_000)]
    pub(crate) rounds: usize,
    /// How many seconds PostgreSQL or Redis is away
    #[arg(long, default_value_t = 10)]
    outage: u64,
    /// Within how many seconds instances must answer again after that. The contract says one, and
    /// `cargo xtask soak outage` demands it. A build that is not optimized, beside all other tests,
    /// took 3.3 s once, at a load of 13 on two cores
    #[arg(long, default_value_t = 3)]
    recovery: u64,
}

impl Scale {
    /// Decides for this run.
    pub(crate) fn set(self) {
        SCALE.set(self).unwrap();
    }

    /// What was decided.
    pub(crate) fn of_run() -> Self {
        *SCALE.get().unwrap()
    }

    pub(crate) fn outage(self) -> Duration {
        Duration::from_secs(self.outage)
    }

    pub(crate) fn recovery(self) -> Duration {
        Duration::from_secs(self.recovery)
    }
}
