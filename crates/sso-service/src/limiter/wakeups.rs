//! Wakes clients that wait for an attempt to end.

use std::hash::{BuildHasher, RandomState};

use tokio::sync::Notify;

use super::tables::AttemptSource;

/// Waiting clients are spread over so many wakeups. With one for all, a client that keeps a crowd
/// waiting would have it woken by each attempt of any client.
const WAKEUPS: usize = 64;

/// Wakes the clients that wait on the account or the network of an attempt, and few others. Which
/// accounts and networks share a wakeup cannot be foreseen.
#[derive(Debug)]
pub(super) struct Wakeups {
    keys: RandomState,
    wakeups: [Notify; WAKEUPS],
}

impl Wakeups {
    /// Wakeups that no client waits for.
    pub(super) fn new() -> Self {
        Self { keys: RandomState::new(), wakeups: [const { Notify::const_new() }; WAKEUPS] }
    }

    /// The wakeups of an account and of a network.
    pub(super) fn of(&self, source: AttemptSource) -> [&Notify; 2] {
        let hashes = [self.keys.hash_one(source.account), self.keys.hash_one(source.network)];
        hashes.map(|hash| &self.wakeups[hash as usize % WAKEUPS])
    }

    /// Wakes the clients that wait: an attempt has ended.
    pub(super) fn wake(&self, source: AttemptSource) {
        self.of(source).iter().for_each(|wakeup| wakeup.notify_waiters());
    }
}
