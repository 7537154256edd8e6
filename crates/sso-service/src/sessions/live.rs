//! The part of every session that validation needs: found by the hash of a token, in memory without
//! waiting for anyone, or in Redis.

mod in_redis;
#[cfg(test)]
mod live_tests;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use dashmap::DashMap;
use prometheus_client::metrics::gauge::Gauge;
use service_runtime::metrics::Metrics;

use super::{
    live_session::{LiveSession, LiveUser},
    revoked::Revoked,
    shared::SharedTokens,
    unwritten::Unwritten,
};
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
    tokens: TokenMap,
    /// Users by number: in memory wherever the tokens are. Only the store's follower changes it.
    pub(crate) users: DashMap<i64, Arc<LiveUser>>,
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

/// Where the tokens are.
#[derive(Debug)]
enum TokenMap {
    Memory(DashMap<TokenHash, LiveToken>),
    /// In Redis, which instances share.
    Redis(Box<SharedTokens>),
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
    /// No sessions yet. Their tokens will be in memory.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self::with_tokens(TokenMap::Memory(DashMap::new()), metrics)
    }

    fn with_tokens(tokens: TokenMap, metrics: &Metrics) -> Self {
        Self {
            tokens,
            users: DashMap::new(),
            ended_through: AtomicI64::default(),
            revoked: Revoked::default(),
            used: Unwritten::new(|session| &session.used),
            first_used: Unwritten::new(|session| &session.first_used),
            last_change: AtomicI64::default(),
            count: metrics.register("sessions", "Live sessions", Gauge::default()),
        }
    }

    /// The holder of the token of this hash, if it is valid by what is in memory. Notes the use.
    pub(crate) fn find(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<Principal> {
        self.principal(self.valid(hash, now)?, now)
    }

    /// The user of this number, if it is known to have a session.
    pub(crate) fn user(&self, number: i64) -> Option<Arc<LiveUser>> {
        self.users.get(&number).map(|user| user.clone())
    }

    fn principal(&self, token: LiveToken, now: DateTime<Utc>) -> Option<Principal> {
        self.note_use(&token, now.timestamp_millis());
        Some(Principal {
            account: token.session.user.account_at(now),
            issued_at: DateTime::from_timestamp_millis(token.issued_at)?,
            expires_at: DateTime::from_timestamp_millis(token.expires_at)?,
            session: token.session,
        })
    }

    /// The token of this hash, if it is valid by what is in memory.
    fn valid(&self, hash: &TokenHash, now: DateTime<Utc>) -> Option<LiveToken> {
        let TokenMap::Memory(tokens) = &self.tokens else {
            return None;
        };
        let token = tokens.get(hash)?.clone();
        self.lives(&token, now).then_some(token)
    }

    fn lives(&self, token: &LiveToken, now: DateTime<Utc>) -> bool {
        now.timestamp_millis() < token.expires_at
            && token.issued_at <= (now + MAX_AHEAD).timestamp_millis()
            && !self.is_over(&token.session)
    }

    fn is_over(&self, session: &LiveSession) -> bool {
        session.is_over() || session.number <= self.ended_through.load(Ordering::Acquire)
    }

    /// All sessions up to this number have ended.
    pub(crate) fn set_ended_through(&self, session: i64) {
        self.ended_through.store(session, Ordering::Release);
    }

    /// The session that a token in memory stands for, also if the token is not valid any more.
    pub(crate) fn session_of(&self, hash: &TokenHash) -> Option<Arc<LiveSession>> {
        match &self.tokens {
            TokenMap::Memory(tokens) => tokens.get(hash).map(|token| token.session.clone()),
            TokenMap::Redis(_) => None,
        }
    }

    /// What memory knows of the session of this number, one of whose tokens has this hash.
    pub(crate) fn session(&self, number: i64, hash: &TokenHash) -> Option<Arc<LiveSession>> {
        match &self.tokens {
            TokenMap::Memory(_) => self.session_of(hash),
            TokenMap::Redis(shared) => shared.recent(number),
        }
    }

    /// Adds a token. `session` is asked for only if no `sibling`, another token of the session, is
    /// known.
    pub(crate) fn add(
        &self,
        token: NewToken,
        sibling: Option<TokenHash>,
        session: impl FnOnce() -> LiveSession,
    ) -> Arc<LiveSession> {
        let tokens = match &self.tokens {
            TokenMap::Memory(tokens) => tokens,
            TokenMap::Redis(shared) => {
                let session = Arc::new(session());
                shared.add(token, &session);
                return session;
            }
        };
        let known = sibling.and_then(|sibling| self.session_of(&sibling));
        let session = known.unwrap_or_else(|| Arc::new(session()));
        let NewToken { hash, issued_at, expires_at } = token;
        tokens.insert(hash, LiveToken { session: session.clone(), issued_at, expires_at });
        // Ending a session is noted first, and its tokens are looked for then: one of the two sees
        // the other.
        if self.revoked.has_ended(session.number, session.user.number, session.epoch) {
            session.end();
        }
        session
    }

    /// Takes all users and tokens away.
    pub(crate) fn clear(&self) {
        // Users first: a session that is found meanwhile has none, and stays unknown.
        self.users.clear();
        match &self.tokens {
            TokenMap::Memory(tokens) => tokens.clear(),
            TokenMap::Redis(shared) => shared.clear(),
        }
    }

    /// Takes a token away that would have expired at this instant, in milliseconds since 1970.
    pub(crate) fn remove(&self, hash: &TokenHash, expires_at: i64) {
        match &self.tokens {
            TokenMap::Memory(tokens) => {
                tokens.remove(hash);
            }
            TokenMap::Redis(shared) => shared.remove(*hash, expires_at),
        }
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
