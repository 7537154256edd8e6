//! Networks that a user has logged in from.

use chrono::{DateTime, Utc};

use super::{networks_of_account::REMEMBERED, table::Weigh};

/// A network that some account is known in. Which account it is stays unknown.
#[derive(Debug, Default)]
pub(super) struct KnownNetwork {
    logged_in: DateTime<Utc>,
}

impl KnownNetwork {
    /// Notes a log-in.
    pub(super) fn note(&mut self, now: DateTime<Utc>) {
        self.logged_in = self.logged_in.max(now);
    }

    /// Whether the log-in still counts.
    pub(super) fn is_one(&self, now: DateTime<Utc>) -> bool {
        now < self.logged_in + REMEMBERED
    }
}

/// A network that was used lately weighs more.
impl Weigh for KnownNetwork {
    fn weight(&self, now: DateTime<Utc>) -> u64 {
        if self.is_one(now) { self.logged_in.timestamp().unsigned_abs() } else { 0 }
    }
}
