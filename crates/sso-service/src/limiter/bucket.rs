//! The failures of one account, network, or account in a network.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{table::Weigh, window::Window};

/// How an attempt to log in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptOutcome {
    /// The password was right.
    Right,
    /// It was wrong, or its client did not wait for the answer.
    Wrong,
    /// It was not compared.
    Undecided,
}

/// Why an attempt may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BucketFull {
    /// There were as many failures as there may be; an attempt may begin after this time.
    Spent(Duration),
    /// There would be, if all attempts that go on fail.
    InFlight,
}

/// Failures, and attempts that may become failures. An attempt is counted before its password is
/// hashed, or as many as arrive at once would all pass.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    window: Window,
    in_flight: u32,
}

impl Bucket {
    /// Whether another attempt may begin.
    pub(super) fn check(&self, limit: u32, now: DateTime<Utc>) -> Result<(), BucketFull> {
        let failures = self.window.failures(now);
        if failures >= limit {
            Err(BucketFull::Spent(self.window.wait(limit, now)))
        } else if failures.saturating_add(self.in_flight) >= limit {
            Err(BucketFull::InFlight)
        } else {
            Ok(())
        }
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self) {
        self.in_flight += 1;
    }

    /// An attempt that began at `began` ends.
    pub(super) fn end(&mut self, ending: AttemptOutcome, began: DateTime<Utc>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if ending == AttemptOutcome::Wrong {
            self.window.count(began);
        }
    }

    /// Whether attempts go on.
    pub(super) fn is_in_use(&self) -> bool {
        self.in_flight > 0
    }
}

impl Weigh for Bucket {
    fn weight(&self, now: DateTime<Utc>) -> u64 {
        if self.is_in_use() { u64::MAX } else { self.window.failures(now).into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    #[test]
    fn bucket_weighs_its_failures_and_most_while_it_is_in_use() {
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            bucket.begin();
            bucket.end(AttemptOutcome::Wrong, noon());
        }
        assert_eq!(bucket.weight(noon()), 3);
        bucket.begin();
        assert_eq!(bucket.weight(noon()), u64::MAX);
        bucket.end(AttemptOutcome::Undecided, noon());
        assert_eq!(bucket.weight(noon()), 3);
        assert_eq!(bucket.weight(noon() + Duration::from_secs(70)), 0);
    }
}
