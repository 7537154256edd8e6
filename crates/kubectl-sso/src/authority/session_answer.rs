//! Reads the answer of a log-in or a refresh.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use shared_types::{BearerToken, SessionAnswer, TokenKind};

use crate::session::Session;

/// The session in the answer to a request sent at `asked_at`. `None` when the answer is not valid.
///
/// Times are converted to the clock of this machine: the authority's clock counts only for how
/// long a token lives.
pub(super) fn session_from_answer(answer: &[u8], asked_at: DateTime<Utc>) -> Option<Session> {
    let answer: SessionAnswer<'_> = serde_json::from_slice(answer).ok()?;
    let asked_at = asked_at.trunc_subsecs(3);
    let lifetime = TimeDelta::try_seconds(answer.expires_in)?;
    let expires_at = asked_at.checked_add_signed(lifetime)?;
    let further = answer.refresh_expires_at.signed_duration_since(answer.expires_at);
    Some(Session {
        username: is_username(answer.username).then(|| answer.username.to_owned())?,
        token: token_of_kind(answer.token, TokenKind::Session)?,
        issued_at: asked_at,
        expires_at,
        refresh_token: token_of_kind(answer.refresh_token, TokenKind::Refresh)?,
        refresh_expires_at: expires_at.checked_add_signed(further)?,
    })
}

fn token_of_kind(text: &str, kind: TokenKind) -> Option<BearerToken> {
    BearerToken::parse(text.as_bytes()).ok().filter(|token| token.kind() == Some(kind))
}

/// Whether the text is a user name: it is shown on a terminal, so no other text is accepted.
fn is_username(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    (1..=63).contains(&text.len()) && text.bytes().all(is_allowed)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::session::tests::{at, session};

    /// An answer with the tokens of this session, by the authority's clock, which is ahead.
    pub(crate) fn session_answer(session: &Session) -> Value {
        let ahead = |instant: DateTime<Utc>| instant + TimeDelta::hours(3);
        let answer = SessionAnswer {
            token: session.token.expose(),
            access_token: session.token.expose(),
            token_type: "bearer",
            expires_in: (session.expires_at - session.issued_at).num_seconds(),
            expires_at: ahead(session.expires_at),
            refresh_token: session.refresh_token.expose(),
            refresh_expires_at: ahead(session.refresh_expires_at),
            session_id: Uuid::nil(),
            username: &session.username,
            user_id: Uuid::nil(),
            roles: vec!["reader".to_owned()].into(),
            permissions: vec!["logs:read".to_owned()].into(),
        };
        serde_json::to_value(answer).unwrap()
    }

    #[test]
    fn times_are_by_the_clock_of_this_machine() {
        let expected = session(1, 100, 1900, 28900);
        let mut body = session_answer(&expected);
        body["more"] = json!("that a later version says");
        assert_eq!(session_from_answer(body.to_string().as_bytes(), at(100)), Some(expected));
    }

    #[test]
    fn an_invalid_session_answer_is_refused() {
        let good = session_answer(&session(1, 0, 1800, 28800));
        for (field, value) in [
            ("token", good["refresh_token"].clone()),
            ("refresh_token", good["token"].clone()),
            ("token", json!("sso_x")),
            ("token", json!(null)),
            ("username", json!("\u{1b}[2J")),
            ("username", json!("")),
            ("expires_in", json!(i64::MAX)),
            ("expires_in", json!("1800")),
            ("expires_at", json!("tomorrow")),
        ] {
            let mut body = good.clone();
            body[field] = value;
            let body = body.to_string();
            assert_eq!(session_from_answer(body.as_bytes(), at(0)), None, "{field}");
        }
        assert_eq!(session_from_answer(b"", at(0)), None);
    }
}
