//! A session and its user in memory.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::users::Account;

/// A session, shared by its tokens.
#[derive(Debug)]
pub(crate) struct LiveSession {
    /// Its number in the database.
    pub(crate) number: i64,
    /// A UUIDv7; not a secret.
    pub(crate) id: Uuid,
    /// Its user.
    pub(crate) user: Arc<LiveUser>,
    /// The user's at log-in.
    pub(crate) epoch: i64,
    /// In milliseconds since 1970. Changed by readers, who share the session.
    pub(crate) last_seen: AtomicI64,
    /// Whether it was ended here.
    ended: AtomicBool,
    /// Whether it is among the sessions whose last use is to be written.
    pub(crate) used: AtomicBool,
    /// When the newest of its tokens that was used had been issued, in milliseconds since 1970.
    /// The token of the log-in counts as used.
    pub(crate) used_issued_at: AtomicI64,
    /// Whether it is among the sessions whose first use of a token is to be written.
    pub(crate) first_used: AtomicBool,
}

/// A user, shared by all the sessions: a change is in force for all of them at once.
#[derive(Debug)]
pub(crate) struct LiveUser {
    /// The number of the user in the database.
    pub(crate) number: i64,
    /// Sessions of an earlier one have ended.
    epoch: AtomicI64,
    account: ArcSwap<Account>,
}

impl LiveSession {
    /// A session as the database has it.
    pub(crate) fn new(
        number: i64,
        id: Uuid,
        user: Arc<LiveUser>,
        epoch: i64,
        last_seen: i64,
        used_issued_at: i64,
    ) -> Self {
        Self {
            number,
            id,
            user,
            epoch,
            last_seen: last_seen.into(),
            ended: false.into(),
            used: false.into(),
            used_issued_at: used_issued_at.into(),
            first_used: false.into(),
        }
    }

    /// When a token of it was last used, to the second.
    pub(crate) fn last_seen(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.last_seen_millis()).unwrap_or_default()
    }

    pub(crate) fn last_seen_millis(&self) -> i64 {
        self.last_seen.load(Ordering::Relaxed)
    }

    /// When the newest of its tokens that was used had been issued, in milliseconds since 1970.
    pub(crate) fn used_issued_at(&self) -> i64 {
        self.used_issued_at.load(Ordering::SeqCst)
    }

    /// The account of the user as it is now; `None` if the session has ended.
    pub(crate) fn account_at(&self, now: DateTime<Utc>) -> Option<Arc<Account>> {
        (!self.is_over()).then(|| self.user.account_at(now))
    }

    /// None of its tokens is valid from here on.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ended.load(Ordering::SeqCst) || self.epoch < self.user.epoch.load(Ordering::Acquire)
    }
}

impl LiveUser {
    /// A user as the database has it.
    pub(crate) fn new(number: i64, epoch: i64, account: Account) -> Self {
        Self { number, epoch: epoch.into(), account: ArcSwap::from_pointee(account) }
    }

    /// Takes over the present epoch and account of the user.
    pub(crate) fn renew(&self, epoch: i64, account: Account) {
        self.account.store(Arc::new(account));
        self.end_before(epoch);
    }

    /// The account of the user as it is now. A grant that has ended is not in force from that very
    /// instant on: the first validation after it evaluates the permissions anew, for all.
    pub(crate) fn account_at(&self, now: DateTime<Utc>) -> Arc<Account> {
        let known = self.account.load_full();
        if known.holds_at(now) {
            return known;
        }
        let account = Arc::new(known.at(now));
        // An account that the follower has stored meanwhile stays.
        self.account.compare_and_swap(&known, account.clone());
        account
    }

    /// Sessions of an earlier epoch have ended. This may be known before the database knows it.
    pub(crate) fn end_before(&self, epoch: i64) {
        self.epoch.fetch_max(epoch, Ordering::Release);
    }

    /// The user is gone, and with it all sessions there are.
    pub(crate) fn end(&self) {
        self.end_before(i64::MAX);
    }
}
