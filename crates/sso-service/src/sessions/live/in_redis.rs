//! Live sessions whose tokens are in Redis.

use chrono::{DateTime, Utc};
use service_runtime::metrics::Metrics;

use super::{LiveSessions, LiveToken, Principal, TokenMap};
use crate::{
    sessions::shared::{RedisClient, SharedTokens, TokenRecord},
    tokens::TokenHash,
};

impl LiveSessions {
    /// No sessions yet. Their tokens will be in Redis.
    pub(crate) fn in_redis(redis: RedisClient, metrics: &Metrics) -> Self {
        Self::with_tokens(TokenMap::Redis(Box::new(SharedTokens::new(redis))), metrics)
    }

    /// The tokens, if they are in Redis.
    pub(crate) fn shared(&self) -> Option<&SharedTokens> {
        match &self.tokens {
            TokenMap::Memory(_) => None,
            TokenMap::Redis(shared) => Some(shared),
        }
    }

    /// The holder of the token of this hash, if memory has nothing against its record. Notes the
    /// use.
    pub(crate) fn accept(
        &self,
        hash: &TokenHash,
        record: &TokenRecord,
        now: DateTime<Utc>,
    ) -> Option<Principal> {
        self.principal(self.acceptable(hash, record, now)?, now)
    }

    pub(super) fn acceptable(
        &self,
        hash: &TokenHash,
        record: &TokenRecord,
        now: DateTime<Utc>,
    ) -> Option<LiveToken> {
        let shared = self.shared().filter(|shared| !shared.has_ended(hash))?;
        let session = shared.session(record, || self.user(record.user))?;
        // The session is known here by now, and an end is noted before it is looked for.
        if self.revoked.has_ended(session.number, session.user.number, session.epoch) {
            session.end();
        }
        let TokenRecord { issued_at, expires_at, .. } = *record;
        Some(LiveToken { session, issued_at, expires_at }).filter(|token| self.lives(token, now))
    }
}
