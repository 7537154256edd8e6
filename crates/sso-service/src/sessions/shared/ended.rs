//! Tokens that have ended before their time.

use chrono::{DateTime, Utc};
use dashmap::DashMap;

use crate::tokens::{MAX_AHEAD, TokenHash};

/// The tokens that have ended since this instance loaded, each until it would have expired. So no
/// record of them makes one valid again.
#[derive(Debug, Default)]
pub(super) struct EndedTokens(DashMap<TokenHash, i64>);

impl EndedTokens {
    /// The token has ended. `expires_at` is in milliseconds since 1970.
    pub(super) fn add(&self, hash: TokenHash, expires_at: i64) {
        self.0.insert(hash, expires_at);
    }

    pub(super) fn has(&self, hash: &TokenHash) -> bool {
        self.0.contains_key(hash)
    }

    /// Forgets those that have expired, also by a clock that is set back a little.
    pub(super) fn forget_expired(&self, now: DateTime<Utc>) {
        let before = (now - MAX_AHEAD).timestamp_millis();
        self.0.retain(|_, expires_at| *expires_at > before);
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    #[test]
    fn ended_token_is_known_until_a_minute_after_its_time() {
        let (ended, hash) = (EndedTokens::default(), TokenHash::of("a"));
        ended.add(hash, noon().timestamp_millis());
        for (seconds, known) in [(-1, true), (0, true), (59, true), (60, false)] {
            ended.forget_expired(noon() + chrono::TimeDelta::seconds(seconds));
            assert_eq!(ended.has(&hash), known, "{seconds}");
        }
    }
}
