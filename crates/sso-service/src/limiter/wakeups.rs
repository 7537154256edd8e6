//! Wakes clients that wait for an attempt to end.

use std::hash::{BuildHasher, RandomState};

use tokio::sync::Notify;

use super::tables::Who;

/// Waiting clients are spread over so many wakeups. With one for all, a client that keeps a crowd
/// waiting would have it woken by each attempt of any client.
const WAKEUPS: usize = 64;

/// Called when an attempt ends, for clients that wait on its account or network, and few others.
/// Which share one is not to be foreseen.
#[derive(Debug)]
pub(super) struct Wakeups {
    keys: RandomState,
    wakeups: [Notify; WAKEUPS],
}

impl Wakeups {
    /// Silent ones.
    pub(super) fn new() -> Self {
        Self { keys: RandomState::new(), wakeups: [const { Notify::const_new() }; WAKEUPS] }
    }

    /// The wakeups of an account and of a network.
    pub(super) fn of(&self, who: Who) -> [&Notify; 2] {
        let hashes = [self.keys.hash_one(who.account), self.keys.hash_one(who.network)];
        hashes.map(|hash| &self.wakeups[hash as usize % WAKEUPS])
    }

    /// An attempt has ended.
    pub(super) fn ring(&self, who: Who) {
        self.of(who).iter().for_each(|bell| bell.notify_waiters());
    }
}
