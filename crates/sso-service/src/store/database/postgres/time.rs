//! The clock of leases.

use std::time::Duration;

use service_runtime::clock;

/// The time since the machine was booted, sleep included; in a simulation, its own time.
pub(super) fn since_boot() -> Duration {
    #[cfg(test)]
    if let Some(now) = super::simulation::simulated_time() {
        return now;
    }
    clock::since_boot()
}
