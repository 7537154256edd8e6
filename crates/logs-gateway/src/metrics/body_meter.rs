//! Counts one log body.

use std::sync::Arc;

use pod_logs::ReadCounts;

use super::{
    bodies::{BodyCounters, BodyFormat},
    follow_lag::Follower,
};
use crate::audit::ReadEnd;

/// Counts one body, which is open until this is dropped.
#[derive(Debug)]
pub(crate) struct BodyMeter {
    counters: Arc<BodyCounters>,
    format: BodyFormat,
    /// Of a followed log.
    follower: Option<Follower>,
    counted: ReadCounts,
}

impl BodyMeter {
    pub(super) fn new(counters: Arc<BodyCounters>, format: BodyFormat, follows: bool) -> Self {
        counters.of(format).open.inc();
        let follower = follows.then(|| counters.lag.join());
        Self { counters, format, follower, counted: ReadCounts::default() }
    }

    /// So much has been given so far. `is_caught_up`: the client waits for more.
    pub(crate) fn note(&mut self, counts: ReadCounts, is_caught_up: bool) {
        if let Some(follower) = &self.follower {
            follower.note(is_caught_up);
        }
        let (counters, before) = (&*self.counters, self.counted);
        let of_format = counters.of(self.format);
        for (counter, more) in [
            (&of_format.bytes, counts.bytes.saturating_sub(before.bytes)),
            (&of_format.lines, counts.lines.saturating_sub(before.lines)),
            (&counters.masked, counts.masked.saturating_sub(before.masked)),
            (&counters.gaps, counts.gaps.saturating_sub(before.gaps)),
        ] {
            if more > 0 {
                counter.inc_by(more);
            }
        }
        self.counted = counts;
    }

    /// The body ended.
    pub(crate) fn end(&mut self, end: ReadEnd) {
        if self.follower.take().is_some() {
            self.counters.count_ended_follow(end.name());
        }
    }
}

impl Drop for BodyMeter {
    fn drop(&mut self) {
        self.counters.of(self.format).open.dec();
    }
}
