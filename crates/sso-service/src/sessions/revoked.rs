//! Revocations that are in force in memory and may not be in the database yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::unwritten::lock;
use crate::users::RevocationScope;

/// All of them. Each may be done again without harm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PendingRevocations {
    /// Sessions that have ended, by number.
    pub(crate) sessions: BTreeSet<i64>,
    /// Users, by number.
    pub(crate) users: BTreeMap<i64, UserRevocation>,
    /// API keys that are deleted.
    pub(crate) keys: BTreeSet<Uuid>,
}

/// A revocation of a user's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserRevocation {
    /// Sessions of an earlier epoch have ended.
    pub(crate) epoch: i64,
    /// What is revoked besides the sessions.
    pub(crate) extent: RevocationScope,
}

impl PendingRevocations {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn has_revoked(&self, user: i64, epoch: i64) -> bool {
        self.users.get(&user).is_some_and(|revocation| epoch < revocation.epoch)
    }
}

/// Revocations that may not be in the database yet.
#[derive(Debug, Default)]
pub(crate) struct Revoked(Mutex<PendingRevocations>);

impl Revoked {
    /// Puts the revocations of an earlier process in force.
    pub(crate) fn restore(&self, pending: PendingRevocations) {
        *lock(&self.0) = pending;
    }

    /// All of it.
    pub(crate) fn pending(&self) -> PendingRevocations {
        lock(&self.0).clone()
    }

    /// Notes that sessions are to end, before anything else is done about it.
    pub(crate) fn begin_to_end(&self, sessions: &[i64]) {
        lock(&self.0).sessions.extend(sessions);
    }

    /// The sessions have ended in the database.
    pub(crate) fn have_ended(&self, sessions: &[i64]) {
        let mut pending = lock(&self.0);
        for session in sessions {
            pending.sessions.remove(session);
        }
    }

    /// Notes a revocation of a user, before anything else is done about it.
    pub(crate) fn revoke_user(&self, user: i64, revocation: UserRevocation) {
        let mut pending = lock(&self.0);
        let known = pending.users.entry(user).or_insert(revocation);
        known.epoch = known.epoch.max(revocation.epoch);
        known.extent = known.extent.max(revocation.extent);
    }

    /// This is revoked in the database.
    pub(crate) fn user_is_written(&self, user: i64, revocation: UserRevocation) {
        let mut pending = lock(&self.0);
        // Unless more was revoked meanwhile.
        if pending.users.get(&user) == Some(&revocation) {
            pending.users.remove(&user);
        }
    }

    /// Notes that a key is deleted.
    pub(crate) fn revoke_key(&self, key: Uuid) {
        lock(&self.0).keys.insert(key);
    }

    /// The key is deleted in the database.
    pub(crate) fn key_is_written(&self, key: Uuid) {
        lock(&self.0).keys.remove(&key);
    }

    /// Whether a user's sessions of this epoch are revoked, and log-in with it.
    pub(crate) fn has_revoked(&self, user: i64, epoch: i64) -> bool {
        lock(&self.0).has_revoked(user, epoch)
    }

    /// Whether the end of a session may not be in the database yet.
    pub(crate) fn is_ending(&self, session: i64) -> bool {
        lock(&self.0).sessions.contains(&session)
    }

    /// Whether a session is revoked, or all of its user's are.
    pub(crate) fn has_ended(&self, session: i64, user: i64, epoch: i64) -> bool {
        let pending = lock(&self.0);
        pending.sessions.contains(&session) || pending.has_revoked(user, epoch)
    }
}
