//! What validation needs of every session, in memory: found by the hash of a token, without
//! waiting for anyone.

use std::{
    collections::BTreeSet,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use dashmap::DashMap;
use prometheus_client::metrics::gauge::Gauge;
use service_runtime::metrics::Metrics;
use uuid::Uuid;

use crate::{tokens::TokenHash, users::Account};

/// How exactly it is known when a session was last seen. A busy session is then written to once
/// in this time, and its cache line stays shared between cores.
const LAST_SEEN_PRECISION_MILLIS: i64 = 1000;

/// All session tokens, and whose they are. Only the follower puts anything in or takes it out.
#[derive(Debug)]
pub(crate) struct LiveSessions {
    tokens: DashMap<TokenHash, LiveToken>,
    /// Numbers of sessions that have ended here, while it is not known that they have in the
    /// database. At most one for each session.
    ending: Mutex<BTreeSet<i64>>,
    /// Sessions that were used since this was last written. Each is in it once.
    used: Mutex<Vec<Arc<LiveSession>>>,
    /// The last change of the database that is in force here.
    last_change: AtomicI64,
    /// How many sessions there are.
    count: Gauge,
}

/// A session token. Everything here is per token and counts by the million.
#[derive(Debug, Clone)]
struct LiveToken {
    session: Arc<LiveSession>,
    /// In milliseconds since 1970, as the next one.
    issued_at: i64,
    expires_at: i64,
}

/// A session, shared by its tokens.
#[derive(Debug)]
pub(crate) struct LiveSession {
    /// What the database knows it by.
    pub(crate) number: i64,
    /// A UUIDv7; not a secret.
    pub(crate) id: Uuid,
    /// Whose it is.
    pub(crate) user: Arc<LiveUser>,
    /// The user's at log-in.
    epoch: i64,
    /// In milliseconds since 1970. Changed by readers, who share the session.
    last_seen: AtomicI64,
    /// Whether it was ended here.
    ended: AtomicBool,
    /// Whether it is among those whose use is to be written.
    used: AtomicBool,
}

/// A user, shared by all the sessions: a change is in force for all of them at once.
#[derive(Debug)]
pub(crate) struct LiveUser {
    /// What the database knows the user by.
    pub(crate) number: i64,
    /// Sessions of an earlier one have ended.
    epoch: AtomicI64,
    account: ArcSwap<Account>,
}

/// Whoever shows a valid token of a session.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// Who it is and what is allowed, now.
    pub(crate) account: Arc<Account>,
    /// The session the token stands for.
    pub(crate) session: Arc<LiveSession>,
    /// When the token was made.
    pub(crate) issued_at: DateTime<Utc>,
    /// From this instant on it is invalid.
    pub(crate) expires_at: DateTime<Utc>,
}

impl LiveSessions {
    /// No sessions yet.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            tokens: DashMap::new(),
            ending: Mutex::default(),
            used: Mutex::default(),
            last_change: AtomicI64::default(),
            count: metrics.register("sessions", "Live sessions", Gauge::default()),
        }
    }

    /// Whoever holds the token of this hash, if it is valid. Notes the use.
    pub(crate) fn find(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<Principal> {
        let token = self.tokens.get(hash)?.clone();
        if token.expires_at <= now.timestamp_millis() || token.session.is_over() {
            return None;
        }
        self.note_use(&token.session, now.timestamp_millis());
        Some(Principal {
            account: token.session.user.account_at(now),
            issued_at: DateTime::from_timestamp_millis(token.issued_at)?,
            expires_at: DateTime::from_timestamp_millis(token.expires_at)?,
            session: token.session,
        })
    }

    /// The session that a token stands for, also if the token is not valid any more.
    pub(super) fn session_of(&self, hash: &TokenHash) -> Option<Arc<LiveSession>> {
        self.tokens.get(hash).map(|token| token.session.clone())
    }

    /// Notes that sessions are to end, before anything else is done about it.
    pub(super) fn begin_to_end(&self, sessions: &[i64]) {
        lock(&self.ending).extend(sessions);
    }

    /// The sessions have ended in the database.
    pub(super) fn have_ended(&self, sessions: &[i64]) {
        let mut ending = lock(&self.ending);
        for session in sessions {
            ending.remove(session);
        }
    }

    /// Some of the sessions that have ended here and may not have in the database.
    pub(super) fn ending(&self, at_most: usize) -> Vec<i64> {
        lock(&self.ending).iter().copied().take(at_most).collect()
    }

    /// Adds a token. `session` is asked for only if no `sibling`, another token of the session, is
    /// known.
    pub(super) fn add(
        &self,
        token: NewToken,
        sibling: Option<TokenHash>,
        session: impl FnOnce() -> LiveSession,
    ) -> Arc<LiveSession> {
        let known = sibling.and_then(|sibling| self.session_of(&sibling));
        let session = known.unwrap_or_else(|| Arc::new(session()));
        let NewToken { hash, issued_at, expires_at } = token;
        self.tokens.insert(hash, LiveToken { session: session.clone(), issued_at, expires_at });
        // Whoever ends a session says so first and looks for its tokens then: one of the two sees
        // the other.
        if lock(&self.ending).contains(&session.number) {
            session.end();
        }
        session
    }

    /// Takes a token away.
    pub(super) fn remove(&self, hash: &TokenHash) {
        self.tokens.remove(hash);
    }

    /// The last change of the database that is in force here.
    pub(super) fn last_change(&self) -> i64 {
        self.last_change.load(Ordering::Relaxed)
    }

    /// Everything up to this change is in force here.
    pub(super) fn set_last_change(&self, seq: i64) {
        self.last_change.store(seq, Ordering::Relaxed);
    }

    /// Says how many sessions there are.
    pub(super) fn set_count(&self, count: i64) {
        self.count.set(count);
    }

    /// The sessions that were used since the last call.
    pub(super) fn take_used(&self) -> Vec<Arc<LiveSession>> {
        let used = mem::take(&mut *lock(&self.used));
        for session in &used {
            // Before the instant is read: a later use puts the session here again.
            session.used.store(false, Ordering::SeqCst);
        }
        used
    }

    fn note_use(&self, session: &Arc<LiveSession>, now: i64) {
        if now - session.last_seen.load(Ordering::Relaxed) < LAST_SEEN_PRECISION_MILLIS {
            return;
        }
        session.last_seen.fetch_max(now, Ordering::Relaxed);
        self.keep_used(session);
    }

    /// The use of a session is still to be written.
    pub(super) fn keep_used(&self, session: &Arc<LiveSession>) {
        if !session.used.swap(true, Ordering::SeqCst) {
            lock(&self.used).push(session.clone());
        }
    }
}

/// A session token to be added.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewToken {
    pub(super) hash: TokenHash,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
}

impl LiveSession {
    /// A session as the database has it.
    pub(super) fn new(
        number: i64,
        id: Uuid,
        user: Arc<LiveUser>,
        epoch: i64,
        last_seen: i64,
    ) -> Self {
        Self {
            number,
            id,
            user,
            epoch,
            last_seen: last_seen.into(),
            ended: false.into(),
            used: false.into(),
        }
    }

    /// When a token of it was last used, to the second.
    pub(crate) fn last_seen(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.last_seen_millis()).unwrap_or_default()
    }

    pub(super) fn last_seen_millis(&self) -> i64 {
        self.last_seen.load(Ordering::Relaxed)
    }

    /// None of its tokens is valid from here on.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    fn is_over(&self) -> bool {
        self.ended.load(Ordering::SeqCst) || self.epoch < self.user.epoch.load(Ordering::Acquire)
    }
}

impl LiveUser {
    /// A user as the database has it.
    pub(super) fn new(number: i64, epoch: i64, account: Account) -> Self {
        Self { number, epoch: epoch.into(), account: ArcSwap::from_pointee(account) }
    }

    /// Takes over what is said now of the user.
    pub(super) fn renew(&self, epoch: i64, account: Account) {
        self.account.store(Arc::new(account));
        self.epoch.store(epoch, Ordering::Release);
    }

    /// What is to be said of the user now. A grant that has ended is not in force from that very
    /// instant on: whoever comes first then finds out what is left, for all.
    fn account_at(&self, now: DateTime<Utc>) -> Arc<Account> {
        let known = self.account.load_full();
        if known.holds_at(now) {
            return known;
        }
        let account = Arc::new(known.at(now));
        // What the follower has put there meanwhile stays.
        self.account.compare_and_swap(&known, account.clone());
        account
    }

    /// The user is gone, and with it all sessions there are.
    pub(super) fn end(&self) {
        self.epoch.store(i64::MAX, Ordering::Release);
    }
}

/// What panics while one of these is locked leaves it whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    impl LiveSessions {
        /// How many tokens are found, and how many sessions there are said to be.
        pub(crate) fn counts(&self) -> (usize, i64) {
            (self.tokens.len(), self.count.get())
        }
    }

    fn live() -> (LiveSessions, Arc<LiveUser>) {
        let account = Account::powerless(Uuid::from_u128(1), noon());
        (LiveSessions::new(&Metrics::default()), Arc::new(LiveUser::new(1, 0, account)))
    }

    fn token(name: &str, millis: i64) -> NewToken {
        let issued_at = noon().timestamp_millis();
        NewToken { hash: TokenHash::of(name), issued_at, expires_at: issued_at + millis }
    }

    fn session(user: &Arc<LiveUser>) -> LiveSession {
        LiveSession::new(7, Uuid::from_u128(2), user.clone(), 0, noon().timestamp_millis())
    }

    #[test]
    fn a_session_that_ends_while_a_token_is_added_has_ended() {
        let (live, user) = live();
        live.begin_to_end(&[7]);
        live.add(token("a", 1000), None, || session(&user));
        assert!(live.find(&TokenHash::of("a"), noon()).is_none());
        assert_eq!(live.ending(10), [7]);
        live.have_ended(&[7, 8]);
        assert!(live.ending(10).is_empty());
    }

    #[test]
    fn tokens_of_a_session_end_together() {
        let (live, user) = live();
        live.add(token("a", 1000), None, || session(&user)).end();
        live.add(token("b", 1000), Some(TokenHash::of("a")), || unreachable!());
        assert!(live.find(&TokenHash::of("b"), noon()).is_none());
    }

    #[test]
    fn a_user_ends_all_sessions_at_once_and_for_good() {
        let (live, user) = live();
        live.add(token("a", 1000), None, || session(&user));
        let valid = || live.find(&TokenHash::of("a"), noon()).is_some();
        assert!(valid());
        user.renew(1, Account::powerless(Uuid::from_u128(1), noon()));
        assert!(!valid());
        user.end();
        assert!(!valid());
    }

    #[test]
    fn a_use_is_noted_once_until_it_is_taken() {
        let (live, user) = live();
        live.add(token("a", 60_000), None, || session(&user));
        let find = |seconds| {
            let now = noon() + std::time::Duration::from_secs(seconds);
            live.find(&TokenHash::of("a"), now).unwrap()
        };
        find(0);
        assert!(live.take_used().is_empty());
        find(1);
        assert_eq!(find(2).session.last_seen(), noon() + std::time::Duration::from_secs(2));
        assert_eq!(live.take_used().len(), 1);
        find(3);
        assert_eq!(live.take_used().len(), 1);
    }
}
