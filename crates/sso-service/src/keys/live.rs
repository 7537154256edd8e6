//! The keys in memory, found by the hash of what is shown.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};

use crate::{timekeeping::is_ahead, tokens::TokenHash, users::Account};

/// All keys. They are few and change seldom: all are exchanged at once, and whoever looks one up
/// waits for nobody.
#[derive(Debug, Default)]
pub(crate) struct LiveKeys(ArcSwap<HashMap<TokenHash, LiveKey>>);

/// A key, as validation needs it.
#[derive(Debug, Clone)]
pub(crate) struct LiveKey {
    /// In the place of a user: id and name of the key, and what it permits.
    pub(crate) account: Arc<Account>,
    /// From this instant on it is invalid, if ever.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl LiveKeys {
    /// These are all keys there are.
    pub(crate) fn replace(&self, keys: HashMap<TokenHash, LiveKey>) {
        self.0.store(Arc::new(keys));
    }

    /// The key of this hash, if it is valid.
    pub(crate) fn find(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<LiveKey> {
        let keys = self.0.load();
        let key = keys.get(hash)?;
        let over = key.expires_at.is_some_and(|end| end <= now);
        (!over && !is_ahead(key.account.created_at, now)).then(|| key.clone())
    }
}
