//! Tells those who wait for an attempt to end.

use std::hash::{BuildHasher, RandomState};

use tokio::sync::Notify;

use super::tables::Who;

/// Among so many, those who wait are spread. With one for all, whoever keeps a crowd waiting would
/// have it woken by each attempt of anybody.
const BELLS: usize = 64;

/// Rung when an attempt ends, for those who wait on its account or network, and few others. Which
/// share one is not to be foreseen.
#[derive(Debug)]
pub(super) struct Bells {
    keys: RandomState,
    bells: [Notify; BELLS],
}

impl Bells {
    /// Silent ones.
    pub(super) fn new() -> Self {
        Self { keys: RandomState::new(), bells: [const { Notify::const_new() }; BELLS] }
    }

    /// Those that are rung for whatever may hold up somebody.
    pub(super) fn of(&self, who: Who) -> [&Notify; 2] {
        let hashes = [self.keys.hash_one(who.account), self.keys.hash_one(who.network)];
        hashes.map(|hash| &self.bells[hash as usize % BELLS])
    }

    /// An attempt has ended.
    pub(super) fn ring(&self, who: Who) {
        self.of(who).iter().for_each(|bell| bell.notify_waiters());
    }
}
