//! All that is counted, and the rules by which it is.

use chrono::{DateTime, Utc};

use super::{
    account_key::AccountKey,
    bucket::{AttemptOutcome, Bucket, BucketFull},
    known_networks::KnownNetwork,
    networks_of_account::{NETWORKS, NetworksOfAccount},
    suspects::Suspects,
    table::{Table, Weigh},
};
use crate::network::Network;

// A hundred thousand buckets in all, whatever unknown clients do: at most about 20 MiB.
pub(super) const ACCOUNTS: usize = 40_000;
pub(super) const CLIENT_NETWORKS: usize = 20_000;
pub(super) const KNOWN_ACCOUNTS: usize = 40_000 / NETWORKS;
/// Besides the buckets: a network of one address, an instant.
const KNOWN_NETWORKS: usize = 20_000;
const _: () = assert!(ACCOUNTS + CLIENT_NETWORKS + KNOWN_ACCOUNTS * NETWORKS <= 100_000);

/// How many failures a minute a network may have that works through a list of accounts.
const STUFFING_LIMIT: u32 = 1;

/// How many failures a minute there may be; 0 is any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoginLimits {
    /// From one network.
    pub(crate) per_network: u32,
    /// For one account, and for one account from a network that it is known from.
    pub(crate) per_account: u32,
}

/// The buckets that an attempt is counted in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counted {
    /// The one of an account in a network that it is known from.
    Known,
    /// The one of the account and the one of the network.
    Stranger,
}

/// The account and the network of an attempt, and when it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttemptSource {
    pub(super) account: AccountKey,
    pub(super) network: Network,
    pub(super) at: DateTime<Utc>,
}

/// Everything the limiter knows.
#[derive(Debug)]
pub(super) struct Tables {
    limits: LoginLimits,
    accounts: Table<AccountKey, Bucket>,
    networks: Table<Network, ClientNetwork>,
    known: Table<AccountKey, NetworksOfAccount>,
    networks_known: Table<Network, KnownNetwork>,
}

#[derive(Debug, Default)]
struct ClientNetwork {
    bucket: Bucket,
    suspects: Suspects,
}

impl Tables {
    pub(super) fn new(limits: LoginLimits) -> Self {
        Self {
            limits,
            accounts: Table::new(ACCOUNTS),
            networks: Table::new(CLIENT_NETWORKS),
            known: Table::new(KNOWN_ACCOUNTS),
            networks_known: Table::new(KNOWN_NETWORKS),
        }
    }

    /// Begins an attempt, unless its bucket, or one of its two, is full.
    pub(super) fn begin(&mut self, source: AttemptSource) -> Result<Counted, BucketFull> {
        if let Some(limit) = in_force(self.limits.per_account)
            && let Some(known) = self.known.get_mut(&source.account)
            && let Some(bucket) = known.bucket(source.network, source.at)
        {
            bucket.check(limit, source.at)?;
            bucket.begin();
            return Ok(Counted::Known);
        }
        self.check_stranger(source)?;
        if in_force(self.limits.per_account).is_some() {
            self.accounts.entry(source.account, source.at).begin();
        }
        if in_force(self.limits.per_network).is_some() {
            self.networks.entry(source.network, source.at).bucket.begin();
        }
        Ok(Counted::Stranger)
    }

    /// Ends an attempt.
    pub(super) fn end(&mut self, source: AttemptSource, counted: Counted, ending: AttemptOutcome) {
        match counted {
            Counted::Known => self.end_known(source, ending),
            Counted::Stranger => self.end_stranger(source, ending),
        }
        if ending == AttemptOutcome::Right {
            self.remember(source);
        }
    }

    /// The account logged in from there.
    pub(super) fn remember(&mut self, source: AttemptSource) {
        if in_force(self.limits.per_account).is_some() {
            self.known.entry(source.account, source.at).note(source.network, source.at);
            self.networks_known.entry(source.network, source.at).note(source.at);
        }
    }

    /// Whether some account is known in the network.
    pub(super) fn knows_network(&self, network: Network, now: DateTime<Utc>) -> bool {
        self.networks_known.get(&network).is_some_and(|home| home.is_one(now))
    }

    /// Of how many accounts and networks something is known.
    pub(super) fn len(&self) -> usize {
        self.accounts.len() + self.networks.len() + self.known.len()
    }

    fn check_stranger(&self, source: AttemptSource) -> Result<(), BucketFull> {
        let account = in_force(self.limits.per_account).map_or(Ok(()), |limit| {
            self.accounts
                .get(&source.account)
                .map_or(Ok(()), |bucket| bucket.check(limit, source.at))
        });
        let network = in_force(self.limits.per_network).map_or(Ok(()), |limit| {
            self.networks
                .get(&source.network)
                .map_or(Ok(()), |network| network.check(limit, source.at))
        });
        worse(account, network)
    }

    fn end_known(&mut self, source: AttemptSource, ending: AttemptOutcome) {
        let known = self.known.get_mut(&source.account);
        if let Some(bucket) = known.and_then(|known| known.bucket(source.network, source.at)) {
            bucket.end(ending, source.at);
        }
    }

    fn end_stranger(&mut self, source: AttemptSource, ending: AttemptOutcome) {
        if let Some(bucket) = self.accounts.get_mut(&source.account) {
            bucket.end(ending, source.at);
        }
        let Some(network) = self.networks.get_mut(&source.network) else {
            return;
        };
        network.bucket.end(ending, source.at);
        match ending {
            AttemptOutcome::Right => network.suspects.forgive(source.account),
            AttemptOutcome::Wrong => network.suspects.note(source.account, source.at),
            AttemptOutcome::Undecided => {}
        }
    }
}

impl ClientNetwork {
    fn check(&self, limit: u32, now: DateTime<Utc>) -> Result<(), BucketFull> {
        let limit = if self.suspects.are_many(now) { STUFFING_LIMIT } else { limit };
        self.bucket.check(limit, now)
    }
}

impl Weigh for ClientNetwork {
    fn weight(&self, now: DateTime<Utc>) -> u64 {
        self.bucket.weight(now).saturating_add(self.suspects.count(now) as u64)
    }
}

fn in_force(limit: u32) -> Option<u32> {
    (limit > 0).then_some(limit)
}

/// A wait that is certain comes before one that may be over at once; the longer one decides.
fn worse(one: Result<(), BucketFull>, other: Result<(), BucketFull>) -> Result<(), BucketFull> {
    match (one, other) {
        (Err(BucketFull::Spent(one)), Err(BucketFull::Spent(other))) => {
            Err(BucketFull::Spent(one.max(other)))
        }
        (Err(BucketFull::Spent(wait)), _) | (_, Err(BucketFull::Spent(wait))) => {
            Err(BucketFull::Spent(wait))
        }
        (one, other) => one.and(other),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_service::noon;

    #[test]
    fn client_network_weighs_its_failures_and_suspects() {
        let mut network = ClientNetwork::default();
        network.bucket.begin();
        network.bucket.end(AttemptOutcome::Wrong, noon());
        for account in 0..2 {
            network.suspects.note(AccountKey::test(account), noon());
        }
        assert_eq!(network.weight(noon()), 3);
        assert_eq!(network.weight(noon() + Duration::from_secs(3600)), 2);
        network.bucket.begin();
        assert_eq!(network.weight(noon()), u64::MAX);
    }
}
