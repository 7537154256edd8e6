//! Settings that bound reading.

use std::{num::NonZero, thread::available_parallelism};

use service_runtime::settings::{Settings, positive};

/// How much is read at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadingSettings {
    /// How many scans run at once.
    pub(crate) max_scans: usize,
    /// How many logs of pods are merged into one stream.
    pub(crate) max_pods_per_stream: usize,
    /// How many log bodies a user may have open.
    pub(crate) max_streams_per_user: usize,
}

impl ReadingSettings {
    /// Takes them from `settings`, which keeps the faults.
    pub(super) fn read(settings: &mut Settings) -> Self {
        let mut number = |name| settings.get(name, positive);
        Self {
            max_scans: number("GATEWAY_MAX_SCANS")
                .unwrap_or_else(|| 2 * available_parallelism().map_or(1, NonZero::get)),
            max_pods_per_stream: number("GATEWAY_MAX_PODS_PER_STREAM").unwrap_or(100),
            max_streams_per_user: number("GATEWAY_MAX_STREAMS_PER_USER").unwrap_or(50),
        }
    }
}
