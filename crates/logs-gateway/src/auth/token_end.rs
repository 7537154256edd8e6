//! When the token behind a stream ends.

use chrono::{DateTime, Utc};
use shared_types::{BearerToken, TokenKind};
use tokio::time::Instant;

/// The end of a token, by the last answer of the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenEnd {
    /// From this instant on the token is invalid.
    pub(crate) expires_at: DateTime<Utc>,
    /// The same instant, for timers.
    due: Instant,
    /// Whether it is the end of the token itself. The authority accepts a key without an end for a
    /// while at a time, and its end moves each time.
    is_fixed: bool,
}

impl TokenEnd {
    /// The end in the first answer about the token. For a session token it is fixed; for a key only
    /// a second answer shows that.
    pub(crate) fn of(token: &BearerToken, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let is_fixed = token.kind() == Some(TokenKind::Session);
        Self { expires_at, due: instant(expires_at, now), is_fixed }
    }

    /// The end in a later answer.
    pub(super) fn updated(self, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        if expires_at == self.expires_at {
            return Self { is_fixed: true, ..self };
        }
        Self { expires_at, due: instant(expires_at, now), is_fixed: false }
    }

    /// When the token ends, if its end is fixed.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.is_fixed.then_some(self.due)
    }
}

fn instant(expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Instant {
    Instant::now() + (expires_at - now).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use shared_types::encode_token;

    use super::*;

    fn token(kind: TokenKind) -> BearerToken {
        BearerToken::parse(encode_token(kind, &[7; 32]).as_bytes()).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_session_token_has_an_end_from_the_first() {
        let end = TokenEnd::of(&token(TokenKind::Session), at(1800), at(0));
        assert!(end.due().is_some());
        assert_eq!(end.updated(at(1800), at(5)), end);
    }

    #[test]
    fn the_end_of_a_key_is_one_if_it_stays_where_it_is() {
        let end = TokenEnd::of(&token(TokenKind::ApiKey), at(1800), at(0));
        assert_eq!(end.due(), None);
        let moved = end.updated(at(1805), at(5));
        assert_eq!((moved.due(), moved.expires_at), (None, at(1805)));
        assert!(moved.updated(at(1805), at(10)).due().is_some());
        assert_eq!(moved.updated(at(1805), at(10)).updated(at(1815), at(15)).due(), None);
    }
}
