//! Where the owner of an account has logged in.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{bucket::Bucket, table::Weigh};
use crate::network::Network;

/// How long a log-in makes its network known.
pub(super) const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many networks of an account are known: at home, at work, on the way. Without a bound,
/// a client with one account and many addresses could push out the networks of everybody else.
pub(super) const NETWORKS: usize = 4;

/// The networks that an account logged in from. Attempts from there have buckets of their own,
/// which no client elsewhere can fill.
#[derive(Debug, Default)]
pub(super) struct NetworksOfAccount {
    places: Vec<NetworkEntry>,
}

#[derive(Debug)]
struct NetworkEntry {
    network: Network,
    logged_in: DateTime<Utc>,
    bucket: Bucket,
}

impl NetworksOfAccount {
    /// The bucket of a network, if it is known.
    pub(super) fn bucket(&mut self, network: Network, now: DateTime<Utc>) -> Option<&mut Bucket> {
        let mut places = self.places.iter_mut();
        let place = places.find(|place| place.network == network && place.is_known(now));
        place.map(|place| &mut place.bucket)
    }

    /// Notes a log-in. The network that was used least lately is forgotten for it if need be.
    pub(super) fn note(&mut self, network: Network, now: DateTime<Utc>) {
        if let Some(place) = self.places.iter_mut().find(|place| place.network == network) {
            place.logged_in = place.logged_in.max(now);
            return;
        }
        if self.places.len() >= NETWORKS {
            let oldest = self.places.iter().enumerate().min_by_key(|(_, place)| place.logged_in);
            let oldest = oldest.map_or(0, |(index, _)| index);
            self.places.swap_remove(oldest);
        }
        self.places.push(NetworkEntry { network, logged_in: now, bucket: Bucket::default() });
    }
}

impl NetworkEntry {
    fn is_known(&self, now: DateTime<Utc>) -> bool {
        now < self.logged_in + REMEMBERED
    }
}

/// An account that logged in lately weighs more.
impl Weigh for NetworksOfAccount {
    fn weight(&self, now: DateTime<Utc>) -> u64 {
        if self.places.iter().any(|place| place.bucket.is_in_use()) {
            return u64::MAX;
        }
        let known = self.places.iter().filter(|place| place.is_known(now));
        let latest = known.map(|place| place.logged_in.timestamp()).max();
        latest.and_then(|seconds| seconds.try_into().ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::test_service::noon;

    fn network(number: u8) -> Network {
        Network::of([192, 0, 2, number].into())
    }

    #[test]
    fn a_network_is_known_for_thirty_days_after_the_last_log_in() {
        let mut known = NetworksOfAccount::default();
        assert!(known.bucket(network(1), noon()).is_none());
        known.note(network(1), noon());
        let later = noon() + TimeDelta::days(15);
        known.note(network(1), later);
        let end = later + TimeDelta::days(30);
        assert!(known.bucket(network(1), end - Duration::from_nanos(1)).is_some());
        assert!(known.bucket(network(1), end).is_none());
        assert_eq!(known.weight(end), 0);
    }

    #[test]
    fn account_that_logged_in_lately_weighs_more_and_most_while_it_is_in_use() {
        let mut known = NetworksOfAccount::default();
        let weighed = [0, 1].map(|hours| {
            known.note(network(hours), noon() + TimeDelta::hours(hours.into()));
            known.weight(noon())
        });
        assert!(1 < weighed[0] && weighed[0] < weighed[1], "{weighed:?}");
        known.bucket(network(0), noon()).unwrap().begin();
        assert_eq!(known.weight(noon()), u64::MAX);
    }

    #[test]
    fn the_network_that_was_used_least_lately_is_forgotten() {
        let mut known = NetworksOfAccount::default();
        for number in 1..=4 {
            known.note(network(number), noon() + Duration::from_secs(number.into()));
        }
        let later = noon() + Duration::from_secs(60);
        known.note(network(1), later);
        known.note(network(5), later);
        let is_known = |number| known.bucket(network(number), later).is_some();
        assert_eq!([1, 2, 3, 4, 5].map(is_known), [true, false, true, true, true]);
    }
}
