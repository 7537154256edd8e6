//! The live sessions, in memory: found by the hash of a token, without waiting for anyone.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use dashmap::DashMap;
use prometheus_client::metrics::gauge::Gauge;
use service_runtime::metrics::Metrics;
use uuid::Uuid;

use super::session::Session;
use crate::tokens::TokenHash;

/// How many sessions [`SessionStore::sweep`] removes before it lets others do something.
const SWEEP_STEP: usize = 500;

/// How many sessions there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of one user: the least recently used one goes.
    pub(crate) per_user: usize,
    /// In all: nobody can log in beyond it.
    pub(crate) total: usize,
}

/// All live sessions.
///
/// No method waits, and no guard leaves one. Locks are taken in the order `by_user`, `sessions`;
/// the calendar is locked alone.
#[derive(Debug)]
pub(crate) struct SessionStore {
    limits: Limits,
    sessions: DashMap<TokenHash, Arc<Session>>,
    /// Which sessions a user has, oldest first. May still name one that has just gone.
    by_user: DashMap<Uuid, Vec<TokenHash>>,
    calendar: Mutex<Calendar>,
    /// How many sessions there are. Counted by hand: `DashMap::len` locks every shard.
    live: Gauge,
}

/// What ends when: hashes by the second in which their token has expired. So a sweep looks at what
/// has expired and at nothing else, however many sessions there are. A revoked token stays in it
/// until it would have expired.
type Calendar = BTreeMap<i64, Vec<TokenHash>>;

impl SessionStore {
    /// No sessions yet.
    pub(crate) fn new(limits: Limits, metrics: &Metrics) -> Self {
        Self {
            limits,
            sessions: DashMap::new(),
            by_user: DashMap::new(),
            calendar: Mutex::default(),
            live: metrics.register("sessions", "Live sessions", Gauge::default()),
        }
    }

    /// Keeps a new session. A user who has too many loses the least recently used one.
    ///
    /// # Errors
    /// When there are too many in all. The session is not kept then.
    pub(crate) fn insert(
        &self,
        hash: TokenHash,
        session: Session,
    ) -> Result<Arc<Session>, TooManySessions> {
        let session = Arc::new(session);
        let user_id = session.account.user_id;
        if let Err(refusal) = self.insert_among_own(hash, &session) {
            self.forget_user_without_sessions(&user_id);
            return Err(refusal);
        }
        let second = second_of_end(&session);
        self.calendar().entry(second).or_default().push(hash);
        Ok(session)
    }

    /// The session of a token, unless it has expired.
    pub(crate) fn find(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<Arc<Session>> {
        let session = self.sessions.get(hash)?.clone();
        if session.has_expired(now) {
            self.remove(hash);
            return None;
        }
        Some(session)
    }

    /// Ends the session of a token, if there is one. Nobody finds it from here on.
    pub(crate) fn remove(&self, hash: &TokenHash) {
        let Some(session) = self.take(hash) else {
            return;
        };
        let user_id = session.account.user_id;
        if let Some(mut own) = self.by_user.get_mut(&user_id) {
            own.retain(|other| other != hash);
        }
        self.forget_user_without_sessions(&user_id);
    }

    /// Removes some of the sessions that have expired, and tells whether to go on.
    pub(crate) fn sweep(&self, now: DateTime<Utc>) -> ControlFlow<()> {
        let due = self.due(now);
        for hash in &due {
            self.remove(hash);
        }
        if due.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// When the next session can be swept away, if there is any.
    pub(super) fn next_end(&self) -> Option<DateTime<Utc>> {
        let second = *self.calendar().first_key_value()?.0;
        DateTime::from_timestamp(second, 0)
    }

    /// Takes some hashes whose second has come from the calendar.
    fn due(&self, now: DateTime<Utc>) -> Vec<TokenHash> {
        let mut calendar = self.calendar();
        let Some(mut entry) = calendar.first_entry() else {
            return Vec::new();
        };
        if *entry.key() > now.timestamp() {
            return Vec::new();
        }
        let hashes = entry.get_mut();
        let due = hashes.split_off(hashes.len().saturating_sub(SWEEP_STEP));
        if hashes.is_empty() {
            entry.remove();
        }
        due
    }

    fn insert_among_own(
        &self,
        hash: TokenHash,
        session: &Arc<Session>,
    ) -> Result<(), TooManySessions> {
        let mut own = self.by_user.entry(session.account.user_id).or_default();
        self.make_room(&mut own);
        self.reserve()?;
        self.sessions.insert(hash, session.clone());
        own.push(hash);
        Ok(())
    }

    fn forget_user_without_sessions(&self, user_id: &Uuid) {
        self.by_user.remove_if(user_id, |_, own| own.is_empty());
    }

    /// Ends the user's least recently used sessions until there is room for one more.
    fn make_room(&self, own: &mut Vec<TokenHash>) {
        while own.len() >= self.limits.per_user {
            // One that has gone already sorts before all others.
            let last_seen = |at: &usize| {
                let session = self.sessions.get(&own[*at]);
                session.map(|session| session.last_seen())
            };
            let Some(oldest) = (0..own.len()).min_by_key(last_seen) else {
                return;
            };
            self.take(&own.remove(oldest));
        }
    }

    fn reserve(&self) -> Result<(), TooManySessions> {
        let before = self.live.inc();
        if usize::try_from(before).is_ok_and(|before| before < self.limits.total) {
            return Ok(());
        }
        self.live.dec();
        Err(TooManySessions)
    }

    /// Removes a session, and leaves the index as it is.
    fn take(&self, hash: &TokenHash) -> Option<Arc<Session>> {
        let (_, session) = self.sessions.remove(hash)?;
        self.live.dec();
        Some(session)
    }

    fn calendar(&self) -> MutexGuard<'_, Calendar> {
        // What panics while it is locked leaves it whole.
        self.calendar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first whole second in which the token has expired.
fn second_of_end(session: &Session) -> i64 {
    let end = session.expires_at;
    end.timestamp() + i64::from(end.timestamp_subsec_nanos() > 0)
}

/// Nobody can log in until somebody has logged out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are as many sessions as there may be")]
pub(crate) struct TooManySessions;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        sessions::session::{Client, RefreshGrant},
        test_service::{LIMITS, noon},
        users::Account,
    };

    impl SessionStore {
        /// How many sessions there are: as found, as counted, and of how many users.
        pub(crate) fn counts(&self) -> (usize, i64, usize) {
            (self.sessions.len(), self.live.get(), self.by_user.len())
        }
    }

    const ALICE: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    fn store(limits: Limits) -> SessionStore {
        SessionStore::new(limits, &Metrics::default())
    }

    /// A session of the user that ends so many milliseconds after noon.
    fn session(user_id: Uuid, millis: u64) -> Session {
        let account = Account::powerless(user_id, noon());
        let client = Client::new([127, 0, 0, 1].into(), None);
        let refresh = RefreshGrant { hash: TokenHash::of("refresh"), expires_at: at(millis) };
        Session::begin(account, client, refresh, noon(), at(millis))
    }

    fn at(millis: u64) -> DateTime<Utc> {
        noon() + Duration::from_millis(millis)
    }

    fn sweep(store: &SessionStore, now: DateTime<Utc>) -> usize {
        let mut steps = 0;
        while store.sweep(now).is_continue() {
            steps += 1;
        }
        steps
    }

    #[test]
    fn an_expired_session_is_not_found_and_not_kept() {
        let store = store(LIMITS);
        let hash = TokenHash::of("a");
        store.insert(hash, session(ALICE, 1500)).unwrap();
        assert!(store.find(&hash, at(1499)).is_some());
        assert_eq!(store.counts(), (1, 1, 1));
        assert!(store.find(&hash, at(1500)).is_none());
        assert_eq!(store.counts(), (0, 0, 0));
    }

    #[test]
    fn a_sweep_removes_what_has_expired_and_nothing_else() {
        let store = store(LIMITS);
        let ends = [0, 1, 999, 1000, 1001, 2000, 5000];
        for end in ends {
            store.insert(TokenHash::of(&end.to_string()), session(ALICE, end)).unwrap();
        }
        for now in [0, 500, 1000, 1999, 2000, 10_000] {
            sweep(&store, at(now));
            // A session that ends within a second is swept away at the end of that second.
            let left = ends.iter().filter(|end| end.div_ceil(1000) > now / 1000).count();
            assert_eq!(store.counts().0, left, "{now}");
        }
        assert_eq!(store.counts(), (0, 0, 0));
        assert_eq!(store.next_end(), None);
    }

    #[test]
    fn a_sweep_goes_in_small_steps() {
        let store = store(Limits { per_user: 10_000, ..LIMITS });
        for n in 0..SWEEP_STEP * 2 + 1 {
            store.insert(TokenHash::of(&n.to_string()), session(ALICE, 10)).unwrap();
        }
        assert_eq!(store.next_end(), Some(at(1000)));
        assert!(store.sweep(at(999)).is_break());
        assert!(store.sweep(at(1000)).is_continue());
        assert_eq!(store.counts().0, SWEEP_STEP + 1);
        assert_eq!(sweep(&store, at(1000)), 2);
        assert_eq!(store.counts(), (0, 0, 0));
    }

    #[test]
    fn beyond_the_limit_nobody_gets_in_until_somebody_leaves() {
        let store = store(Limits { per_user: 20, total: 2 });
        let [a, b, c] = ["a", "b", "c"].map(TokenHash::of);
        store.insert(a, session(ALICE, 1000)).unwrap();
        store.insert(b, session(ALICE, 1000)).unwrap();
        assert_eq!(store.insert(c, session(BOB, 1000)).unwrap_err(), TooManySessions);
        assert!(store.find(&c, noon()).is_none());
        assert_eq!(store.counts(), (2, 2, 1));
        store.remove(&a);
        store.insert(c, session(BOB, 1000)).unwrap();
        assert_eq!(store.counts(), (2, 2, 2));
    }

    #[test]
    fn whoever_is_at_both_limits_gets_in_at_the_cost_of_an_own_session() {
        let store = store(Limits { per_user: 1, total: 1 });
        let [a, b] = ["a", "b"].map(TokenHash::of);
        store.insert(a, session(ALICE, 1000)).unwrap();
        store.insert(b, session(ALICE, 1000)).unwrap();
        assert!(store.find(&a, noon()).is_none());
        assert!(store.find(&b, noon()).is_some());
        assert_eq!(store.counts(), (1, 1, 1));
    }

    #[test]
    fn one_users_limit_is_not_anothers() {
        let store = store(Limits { per_user: 1, ..LIMITS });
        let [a, b] = ["a", "b"].map(TokenHash::of);
        store.insert(a, session(ALICE, 1000)).unwrap();
        store.insert(b, session(BOB, 1000)).unwrap();
        assert_eq!(store.counts(), (2, 2, 2));
    }

    #[test]
    fn removing_what_is_not_there_changes_nothing() {
        let store = store(LIMITS);
        store.insert(TokenHash::of("a"), session(ALICE, 1000)).unwrap();
        store.remove(&TokenHash::of("b"));
        assert_eq!(store.counts(), (1, 1, 1));
    }
}
