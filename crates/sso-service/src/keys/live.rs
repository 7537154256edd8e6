//! The keys in memory, found by their hash.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    tokens::{TokenHash, is_ahead},
    users::Account,
};

/// All keys. They are few and change seldom: all are exchanged at once, and a look-up
/// does not wait.
#[derive(Debug, Default)]
pub(crate) struct LiveKeys {
    keys: ArcSwap<HashMap<TokenHash, LiveKey>>,
    /// Keys that are deleted here and may still be in the database. Locked by every exchange.
    revoked: Mutex<BTreeSet<Uuid>>,
}

/// A key, as validation needs it.
#[derive(Debug, Clone)]
pub(crate) struct LiveKey {
    /// In the place of a user's: id, name and permissions of the key.
    pub(crate) account: Arc<Account>,
    /// From this instant on it is invalid, if ever.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl LiveKeys {
    /// These are all keys there are.
    pub(crate) fn replace(&self, mut keys: HashMap<TokenHash, LiveKey>) {
        let revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, key| !revoked.contains(&key.account.user_id));
        self.keys.store(Arc::new(keys));
    }

    /// Deletes the key of this id in memory, for good. Tells whether there was one.
    pub(crate) fn revoke(&self, id: Uuid) -> bool {
        let mut revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        revoked.insert(id);
        let before = self.keys.load_full();
        let mut keys = HashMap::clone(&before);
        keys.retain(|_, key| key.account.user_id != id);
        let found = keys.len() < before.len();
        self.keys.store(Arc::new(keys));
        found
    }

    /// The key of this hash, if it is valid.
    pub(crate) fn find(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<LiveKey> {
        let keys = self.keys.load();
        let key = keys.get(hash)?;
        let over = key.expires_at.is_some_and(|end| end <= now);
        (!over && !is_ahead(key.account.created_at, now)).then(|| key.clone())
    }
}
