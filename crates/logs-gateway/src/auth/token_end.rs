//! When the token behind a stream ends.

use chrono::{DateTime, Utc};
use shared_types::TokenKind;
use tokio::time::Instant;

use super::Credential;

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
    /// The end in the first answer about the credential. For a session token it is fixed; for a key
    /// only a second answer shows that; a front tells none.
    pub(crate) fn of(
        credential: &Credential,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        let is_fixed = match credential {
            Credential::Token(token) => token.kind() == Some(TokenKind::Session),
            Credential::Front => false,
        };
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
    use std::rc::Rc;

    use chrono::TimeDelta;
    use shared_types::{BearerToken, encode_token};

    use super::*;

    fn token(kind: TokenKind) -> Credential {
        let token = BearerToken::parse(encode_token(kind, &[7; 32]).as_bytes()).unwrap();
        Credential::Token(Rc::new(token))
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
