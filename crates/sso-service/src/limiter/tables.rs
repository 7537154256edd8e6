//! All that is counted, and the rules by which it is.

use chrono::{DateTime, Utc};

use super::{
    account_key::AccountKey,
    bucket::{Bucket, BucketFull, Ending},
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
pub(super) struct Who {
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
    pub(super) fn begin(&mut self, who: Who) -> Result<Counted, BucketFull> {
        if let Some(limit) = in_force(self.limits.per_account)
            && let Some(known) = self.known.get_mut(&who.account)
            && let Some(bucket) = known.bucket(who.network, who.at)
        {
            bucket.check(limit, who.at)?;
            bucket.begin();
            return Ok(Counted::Known);
        }
        self.check_stranger(who)?;
        if in_force(self.limits.per_account).is_some() {
            self.accounts.entry(who.account, who.at).begin();
        }
        if in_force(self.limits.per_network).is_some() {
            self.networks.entry(who.network, who.at).bucket.begin();
        }
        Ok(Counted::Stranger)
    }

    /// Ends an attempt.
    pub(super) fn end(&mut self, who: Who, counted: Counted, ending: Ending) {
        match counted {
            Counted::Known => self.end_known(who, ending),
            Counted::Stranger => self.end_stranger(who, ending),
        }
        if ending == Ending::Right {
            self.remember(who);
        }
    }

    /// The account logged in from there.
    pub(super) fn remember(&mut self, who: Who) {
        if in_force(self.limits.per_account).is_some() {
            self.known.entry(who.account, who.at).note(who.network, who.at);
            self.networks_known.entry(who.network, who.at).note(who.at);
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

    fn check_stranger(&self, who: Who) -> Result<(), BucketFull> {
        let account = in_force(self.limits.per_account).map_or(Ok(()), |limit| {
            self.accounts.get(&who.account).map_or(Ok(()), |bucket| bucket.check(limit, who.at))
        });
        let network = in_force(self.limits.per_network).map_or(Ok(()), |limit| {
            self.networks.get(&who.network).map_or(Ok(()), |network| network.check(limit, who.at))
        });
        worse(account, network)
    }

    fn end_known(&mut self, who: Who, ending: Ending) {
        let known = self.known.get_mut(&who.account);
        if let Some(bucket) = known.and_then(|known| known.bucket(who.network, who.at)) {
            bucket.end(ending, who.at);
        }
    }

    fn end_stranger(&mut self, who: Who, ending: Ending) {
        if let Some(bucket) = self.accounts.get_mut(&who.account) {
            bucket.end(ending, who.at);
        }
        let Some(network) = self.networks.get_mut(&who.network) else {
            return;
        };
        network.bucket.end(ending, who.at);
        match ending {
            Ending::Right => network.suspects.forgive(who.account),
            Ending::Wrong => network.suspects.note(who.account, who.at),
            Ending::Undecided => {}
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
