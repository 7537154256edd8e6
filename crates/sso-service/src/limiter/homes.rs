//! Networks that somebody has logged in from.

use chrono::{DateTime, Utc};

use super::{known::REMEMBERED, table::Weigh};

/// A network that some account is known in. Only whether it is one may be told, never of whom.
#[derive(Debug, Default)]
pub(super) struct Home {
    logged_in: DateTime<Utc>,
}

impl Home {
    /// Notes a log-in.
    pub(super) fn note(&mut self, now: DateTime<Utc>) {
        self.logged_in = self.logged_in.max(now);
    }

    /// Whether the log-in still counts.
    pub(super) fn is_one(&self, now: DateTime<Utc>) -> bool {
        now < self.logged_in + REMEMBERED
    }
}

/// What was used lately weighs more.
impl Weigh for Home {
    fn weight(&self, now: DateTime<Utc>) -> u64 {
        if self.is_one(now) { self.logged_in.timestamp().unsigned_abs() } else { 0 }
    }
}
