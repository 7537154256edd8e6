//! The live tokens in Redis, and what memory holds against records that are out of date.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    client::{RedisClient, RedisUnreachable},
    ended::EndedTokens,
    histories::{Histories, History},
    recent::RecentSessions,
    record::TokenRecord,
};
use crate::{
    sessions::{LiveSession, LiveUser, NewToken},
    tokens::TokenHash,
};

/// Live tokens that instances share.
#[derive(Debug)]
pub(crate) struct SharedTokens {
    redis: RedisClient,
    histories: Histories,
    ended: EndedTokens,
    recent: RecentSessions,
}

impl SharedTokens {
    pub(in crate::sessions) fn new(redis: RedisClient) -> Self {
        Self {
            redis,
            histories: Histories::default(),
            ended: EndedTokens::default(),
            recent: RecentSessions::default(),
        }
    }

    /// The record of a token, which may be out of date.
    ///
    /// # Errors
    /// When Redis does not answer within half a second.
    pub(crate) async fn read(
        &self,
        hash: TokenHash,
    ) -> Result<Option<TokenRecord>, RedisUnreachable> {
        self.redis.read(hash).await
    }

    /// Whether Redis answers, as far as is known.
    pub(crate) fn is_reachable(&self) -> bool {
        self.redis.is_reachable()
    }

    /// Whether all that ended since the record was made is known here.
    pub(crate) fn can_rely_on(&self, record: &TokenRecord) -> bool {
        self.histories.has(record.history)
    }

    /// The newest history that is followed here. A record that is read from the database after
    /// this is part of it.
    pub(crate) fn history(&self) -> Option<History> {
        self.histories.newest()
    }

    /// A change that begins a history has been followed.
    pub(crate) fn begin_history(&self, history: History) {
        self.histories.add(history);
    }

    /// Stores a record.
    pub(crate) fn store(&self, hash: TokenHash, record: TokenRecord) {
        if !self.ended.has(&hash) {
            self.redis.store(hash, record);
        }
    }

    /// Forgets what is over.
    pub(crate) fn forget_expired(&self, now: DateTime<Utc>) {
        self.ended.forget_expired(now);
        self.recent.forget_unused(now);
    }

    /// The database has this token.
    pub(in crate::sessions) fn add(&self, token: NewToken, session: &LiveSession) {
        let NewToken { hash, issued_at, expires_at } = token;
        // Before the first history nothing that is read is relied on.
        let Some(history) = self.history() else {
            return;
        };
        let record = TokenRecord {
            history,
            session: session.number,
            id: session.id,
            user: session.user.number,
            epoch: session.epoch,
            issued_at,
            expires_at,
            last_seen_at: session.last_seen_millis(),
            used_issued_at: session.used_issued_at(),
        };
        self.store(hash, record);
    }

    /// The database has this token no more.
    pub(in crate::sessions) fn remove(&self, hash: TokenHash, expires_at: i64) {
        self.ended.add(hash, expires_at);
        self.redis.remove(hash);
    }

    pub(in crate::sessions) fn has_ended(&self, hash: &TokenHash) -> bool {
        self.ended.has(hash)
    }

    /// The session of a record, if its user is known and the record is not older than what is
    /// known here.
    pub(in crate::sessions) fn session(
        &self,
        record: &TokenRecord,
        user: impl FnOnce() -> Option<Arc<LiveUser>>,
    ) -> Option<Arc<LiveSession>> {
        self.recent.session(record, user)
    }

    /// The session of this number, if it was used here a short time ago.
    pub(in crate::sessions) fn recent(&self, number: i64) -> Option<Arc<LiveSession>> {
        self.recent.get(number)
    }

    /// Forgets everything. Users have been forgotten before.
    pub(in crate::sessions) fn clear(&self) {
        self.histories.clear();
        self.recent.clear();
        self.ended.clear();
    }
}
