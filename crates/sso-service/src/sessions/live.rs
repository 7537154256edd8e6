//! The part of every session that validation needs, in memory: found by the hash of a token,
//! without waiting for anyone.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use dashmap::DashMap;
use prometheus_client::metrics::gauge::Gauge;
use service_runtime::metrics::Metrics;

use super::{live_session::LiveSession, revoked::Revoked, unwritten::Unwritten};
use crate::{
    tokens::{MAX_AHEAD, TokenHash},
    users::Account,
};

/// How exactly it is known when a session was last seen. A busy session is then written to once
/// in this time, and its cache line stays shared between cores.
const LAST_SEEN_PRECISION_MILLIS: i64 = 1000;

/// All session tokens and their sessions. Only the store's follower adds and removes tokens.
#[derive(Debug)]
pub(crate) struct LiveSessions {
    tokens: DashMap<TokenHash, LiveToken>,
    /// Sessions up to this number have ended.
    ended_through: AtomicI64,
    /// Revocations that may not be in the database yet.
    pub(crate) revoked: Revoked,
    /// Sessions that were used since this was last written.
    used: Unwritten,
    /// Sessions of which a new token was used for the first time since this was last written.
    first_used: Unwritten,
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

/// The holder of a valid token of a session.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// The account and its permissions, as they are now.
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
            ended_through: AtomicI64::default(),
            revoked: Revoked::default(),
            used: Unwritten::new(|session| &session.used),
            first_used: Unwritten::new(|session| &session.first_used),
            last_change: AtomicI64::default(),
            count: metrics.register("sessions", "Live sessions", Gauge::default()),
        }
    }

    /// The holder of the token of this hash, if it is valid. Notes the use.
    pub(crate) fn find(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<Principal> {
        let token = self.valid(hash, now)?;
        self.note_use(&token, now.timestamp_millis());
        Some(Principal {
            account: token.session.user.account_at(now),
            issued_at: DateTime::from_timestamp_millis(token.issued_at)?,
            expires_at: DateTime::from_timestamp_millis(token.expires_at)?,
            session: token.session,
        })
    }

    /// The token of this hash, if it is valid.
    fn valid(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<LiveToken> {
        let token = self.tokens.get(hash)?.clone();
        let lives = now.timestamp_millis() < token.expires_at
            && token.issued_at <= (now + MAX_AHEAD).timestamp_millis();
        (lives && !self.is_over(&token.session)).then_some(token)
    }

    fn is_over(&self, session: &LiveSession) -> bool {
        session.is_over() || session.number <= self.ended_through.load(Ordering::Acquire)
    }

    /// All sessions up to this number have ended.
    pub(crate) fn set_ended_through(&self, session: i64) {
        self.ended_through.store(session, Ordering::Release);
    }

    /// The session that a token stands for, also if the token is not valid any more.
    pub(crate) fn session_of(&self, hash: &TokenHash) -> Option<Arc<LiveSession>> {
        self.tokens.get(hash).map(|token| token.session.clone())
    }

    /// Adds a token. `session` is asked for only if no `sibling`, another token of the session, is
    /// known.
    pub(crate) fn add(
        &self,
        token: NewToken,
        sibling: Option<TokenHash>,
        session: impl FnOnce() -> LiveSession,
    ) -> Arc<LiveSession> {
        let known = sibling.and_then(|sibling| self.session_of(&sibling));
        let session = known.unwrap_or_else(|| Arc::new(session()));
        let NewToken { hash, issued_at, expires_at } = token;
        self.tokens.insert(hash, LiveToken { session: session.clone(), issued_at, expires_at });
        // Ending a session is noted first, and its tokens are looked for then: one of the two sees
        // the other.
        if self.revoked.has_ended(session.number, session.user.number, session.epoch) {
            session.end();
        }
        session
    }

    /// Takes all tokens away.
    pub(crate) fn clear(&self) {
        self.tokens.clear();
    }

    /// Takes a token away.
    pub(crate) fn remove(&self, hash: &TokenHash) {
        self.tokens.remove(hash);
    }

    /// The last change of the database that is in force here.
    pub(crate) fn last_change(&self) -> i64 {
        self.last_change.load(Ordering::Relaxed)
    }

    /// Everything up to this change is in force here.
    pub(crate) fn set_last_change(&self, seq: i64) {
        self.last_change.store(seq, Ordering::Relaxed);
    }

    /// Says how many sessions there are.
    pub(crate) fn set_count(&self, count: i64) {
        self.count.set(count);
    }

    /// The sessions that were used since the last call.
    pub(crate) fn take_used(&self) -> Vec<Arc<LiveSession>> {
        self.used.take()
    }

    /// The sessions of which a new token was used for the first time since the last call.
    pub(crate) fn take_first_used(&self) -> Vec<Arc<LiveSession>> {
        self.first_used.take()
    }

    fn note_use(&self, token: &LiveToken, now: i64) {
        let session = &token.session;
        if session.used_issued_at.load(Ordering::Relaxed) < token.issued_at {
            session.used_issued_at.fetch_max(token.issued_at, Ordering::SeqCst);
            self.first_used.add(session);
        }
        if session.last_seen.load(Ordering::Relaxed) + LAST_SEEN_PRECISION_MILLIS <= now {
            session.last_seen.fetch_max(now, Ordering::Relaxed);
            self.used.add(session);
        }
    }

    /// The use of a session is still to be written.
    pub(crate) fn keep_used(&self, session: &Arc<LiveSession>) {
        self.used.add(session);
    }

    /// The first use of a token is still to be written.
    pub(crate) fn keep_first_used(&self, session: &Arc<LiveSession>) {
        self.first_used.add(session);
    }
}

/// A session token to be added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewToken {
    pub(crate) hash: TokenHash,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{super::live_session::LiveUser, *};
    use crate::test_service::noon;

    impl LiveSessions {
        /// How many tokens are found, and how many sessions there are said to be.
        pub(crate) fn counts(&self) -> (usize, i64) {
            (self.tokens.len(), self.count.get())
        }

        /// Whether the token is valid. Unlike validation, this is no use of it.
        pub(crate) fn is_valid(&self, hash: &TokenHash, now: DateTime<Utc>) -> bool {
            self.valid(hash, now).is_some()
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
        LiveSession::new(
            7,
            Uuid::from_u128(2),
            user.clone(),
            0,
            noon().timestamp_millis(),
            noon().timestamp_millis(),
        )
    }

    #[test]
    fn a_session_that_ends_while_a_token_is_added_has_ended() {
        let (live, user) = live();
        live.revoked.begin_to_end(&[7]);
        live.add(token("a", 1000), None, || session(&user));
        assert!(live.find(&TokenHash::of("a"), noon()).is_none());
        assert_eq!(live.revoked.pending().sessions, [7].into());
        live.revoked.have_ended(&[7, 8]);
        assert!(live.revoked.pending().is_empty());
    }

    #[test]
    fn tokens_of_a_session_end_together() {
        let (live, user) = live();
        live.add(token("a", 1000), None, || session(&user)).end();
        live.add(token("b", 1000), Some(TokenHash::of("a")), || unreachable!());
        assert!(live.find(&TokenHash::of("b"), noon()).is_none());
    }

    #[test]
    fn a_token_from_the_future_is_not_valid() {
        let (live, user) = live();
        live.add(token("a", 3_600_000), None, || session(&user));
        for (seconds_before, expected) in [(0, true), (60, true), (61, false), (315_360_000, false)]
        {
            let now = noon() - chrono::TimeDelta::seconds(seconds_before);
            assert_eq!(live.is_valid(&TokenHash::of("a"), now), expected, "{seconds_before}");
        }
    }

    #[test]
    fn all_sessions_of_a_user_end_at_once_and_for_good() {
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
    fn a_use_is_recorded_once_until_it_is_collected() {
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
