//! What a client knows of a session and of an API key.

use serde_json::Value;

/// Whether a token is valid, as far as its client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validity {
    /// An answer said so.
    Live,
    /// An answer said that it has ended.
    Ended,
    /// Its end was asked for, and not answered.
    Unknown,
    /// The same, in one request with others: all have ended, or none.
    UnknownWithOthers,
}

/// A session.
#[derive(Debug, Clone)]
pub(super) struct KnownSession {
    pub(super) id: String,
    /// Its newest session tokens, at most two; all are valid as long as it is live.
    pub(super) tokens: Vec<String>,
    /// None: it was minted.
    pub(super) refresh_token: Option<String>,
    /// The refresh token was presented, and no answer came.
    pub(super) refresh_unanswered: bool,
    pub(super) validity: Validity,
}

impl KnownSession {
    /// The session of an answer to a log-in.
    pub(super) fn of(log_in: &Value) -> Self {
        let mut session = Self {
            id: text(log_in, "session_id"),
            tokens: Vec::new(),
            refresh_token: None,
            refresh_unanswered: false,
            validity: Validity::Live,
        };
        session.renew(log_in);
        session
    }

    /// Takes the tokens of an answer to a log-in or a refresh.
    pub(super) fn renew(&mut self, answer: &Value) {
        let token = text(answer, "token");
        if self.tokens.last() != Some(&token) {
            self.tokens.push(token);
        }
        let surplus = self.tokens.len().saturating_sub(2);
        self.tokens.drain(..surplus);
        self.refresh_token = Some(text(answer, "refresh_token"));
        self.refresh_unanswered = false;
    }

    pub(super) fn token(&self) -> &str {
        &self.tokens[self.tokens.len() - 1]
    }

    pub(super) fn is_live(&self) -> bool {
        self.validity == Validity::Live
    }
}

/// An API key.
#[derive(Debug, Clone)]
pub(super) struct KnownKey {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) validity: Validity,
}

/// A member of an answer.
pub(super) fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_else(|| panic!("no {member}: {body}")).to_owned()
}
