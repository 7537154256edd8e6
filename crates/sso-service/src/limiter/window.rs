//! Failures of the last minute.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How exactly it is known when a failure was.
const SLOT_SECONDS: i64 = 10;
/// A minute that begins within a slot ends within the seventh.
const SLOTS: usize = 7;

/// Counts failures in slots of ten seconds and forgets those that are more than a minute old: at
/// most ten seconds late, never early. So however a minute is laid, no more failures are in it
/// than the limit, which a bucket that refills steadily (GCRA) does not promise: it lets twice as
/// many pass in its first minute.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// The newest first.
    slots: [u32; SLOTS],
    /// Which slot the first is, counted from 1970.
    newest: i64,
}

impl Window {
    /// Counts a failure.
    pub(super) fn count(&mut self, at: DateTime<Utc>) {
        let slot = slot_of(at);
        self.begin(slot);
        let age = usize::try_from(self.newest - slot).unwrap_or(SLOTS);
        if let Some(count) = self.slots.get_mut(age) {
            *count = count.saturating_add(1);
        }
    }

    /// How many failures there were within the last minute.
    pub(super) fn failures(&self, now: DateTime<Utc>) -> u32 {
        self.failures_after(self.slots_until(slot_of(now)))
    }

    /// How long it takes until there are fewer failures than `limit`, if there are no new ones.
    pub(super) fn wait(&self, limit: u32, now: DateTime<Utc>) -> Duration {
        let first = self.slots_until(slot_of(now));
        let until = (first..=SLOTS).find(|slots| self.failures_after(*slots) < limit);
        let slot = self.newest + until.unwrap_or(SLOTS) as i64;
        let wait = slot * SLOT_SECONDS * 1000 - now.timestamp_millis();
        Duration::from_millis(wait.try_into().unwrap_or(0))
    }

    /// The failures that still count when so many slots have begun.
    fn failures_after(&self, slots: usize) -> u32 {
        self.slots[..SLOTS - slots].iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn begin(&mut self, slot: i64) {
        let begun = self.slots_until(slot);
        self.slots.rotate_right(begun);
        self.slots[..begun].fill(0);
        self.newest = self.newest.max(slot);
    }

    /// How many slots have begun since the newest, as far as it matters.
    fn slots_until(&self, slot: i64) -> usize {
        usize::try_from(slot - self.newest).map_or(0, |slots| slots.min(SLOTS))
    }
}

fn slot_of(instant: DateTime<Utc>) -> i64 {
    instant.timestamp().div_euclid(SLOT_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    fn after(seconds: i64) -> DateTime<Utc> {
        noon() + chrono::Duration::seconds(seconds)
    }

    #[test]
    fn a_failure_counts_for_a_minute_and_at_most_ten_seconds_more() {
        for offset in 0..10 {
            let mut window = Window::default();
            window.count(after(offset));
            assert_eq!(window.failures(after(offset + 59)), 1);
            assert_eq!(window.failures(after(offset + 70)), 0);
        }
    }

    #[test]
    fn the_wait_is_exactly_as_stated() {
        let mut window = Window::default();
        for second in [0, 3, 25] {
            window.count(after(second));
        }
        for (limit, now, seconds) in [(3, 25, 45), (2, 25, 45), (1, 25, 65), (1, 80, 10)] {
            let wait = window.wait(limit, after(now));
            assert_eq!(wait, Duration::from_secs(seconds), "{limit} {now}");
            let then = after(now) + wait;
            assert!(window.failures(then) < limit);
            assert!(window.failures(then - chrono::Duration::milliseconds(1)) >= limit);
        }
        assert_eq!(window.wait(4, after(25)), Duration::ZERO);
    }

    #[test]
    fn a_failure_reported_late_counts_at_its_own_time() {
        let mut window = Window::default();
        window.count(after(40));
        window.count(after(0));
        window.count(after(-40));
        assert_eq!(window.failures(after(40)), 2);
        assert_eq!(window.failures(after(70)), 1);
    }
}
