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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::test_service::noon;

    fn used_at(logged_in: DateTime<Utc>) -> KnownNetwork {
        let mut network = KnownNetwork::default();
        network.note(logged_in);
        network
    }

    #[test]
    fn network_is_known_for_thirty_days_after_the_last_log_in() {
        let mut network = used_at(noon());
        network.note(noon() - TimeDelta::days(1));
        let end = noon() + TimeDelta::days(30);
        assert!(network.is_one(noon()));
        assert!(network.is_one(end - TimeDelta::nanoseconds(1)));
        assert!(!network.is_one(end));
        assert!(!KnownNetwork::default().is_one(noon()));
    }

    #[test]
    fn network_that_was_used_lately_weighs_more() {
        let (earlier, end) = (noon() - TimeDelta::days(1), noon() + TimeDelta::days(30));
        assert!(used_at(earlier).weight(noon()) < used_at(noon()).weight(noon()));
        assert!(used_at(earlier).weight(noon()) > 1);
        assert_eq!(used_at(noon()).weight(end), 0);
    }
}
