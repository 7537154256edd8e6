//! What the authority says to who logs in or renews a session.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Deserialize;
use shared_types::{BearerToken, TokenKind};

use super::session::Session;

/// What matters of the answer. Secrets are borrowed, so that nothing copies them.
#[derive(Deserialize)]
struct Answer<'a> {
    username: String,
    token: &'a str,
    /// In seconds.
    expires_in: i64,
    expires_at: DateTime<Utc>,
    refresh_token: &'a str,
    refresh_expires_at: DateTime<Utc>,
}

/// The session in an answer to what was asked at this time. The authority's own clock tells how
/// long, never until when. `None` when it makes no sense.
pub(super) fn session(answer: &[u8], asked: DateTime<Utc>) -> Option<Session> {
    let answer: Answer<'_> = serde_json::from_slice(answer).ok()?;
    let asked = asked.trunc_subsecs(3);
    let life = TimeDelta::try_seconds(answer.expires_in)?;
    let expires_at = asked.checked_add_signed(life)?;
    let longer = answer.refresh_expires_at.signed_duration_since(answer.expires_at);
    Some(Session {
        username: is_username(&answer.username).then_some(answer.username)?,
        token: token(answer.token, TokenKind::Session)?,
        issued_at: asked,
        expires_at,
        refresh_token: token(answer.refresh_token, TokenKind::Refresh)?,
        refresh_expires_at: expires_at.checked_add_signed(longer)?,
    })
}

fn token(text: &str, kind: TokenKind) -> Option<BearerToken> {
    BearerToken::parse(text.as_bytes()).ok().filter(|token| token.kind() == Some(kind))
}

/// It is shown on a terminal.
fn is_username(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    (1..=63).contains(&text.len()) && text.bytes().all(known)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::{
        super::session::tests::{at, session as expected},
        *,
    };

    /// An answer with the tokens of this session, by the authority's clock, which is ahead.
    pub(crate) fn answer(session: &Session) -> Value {
        let ahead = |instant: DateTime<Utc>| instant + TimeDelta::hours(3);
        json!({
            "username": session.username,
            "token": session.token.expose(),
            "expires_in": (session.expires_at - session.issued_at).num_seconds(),
            "expires_at": ahead(session.expires_at),
            "refresh_token": session.refresh_token.expose(),
            "refresh_expires_at": ahead(session.refresh_expires_at),
            "session_id": "whatever else there is",
        })
    }

    #[test]
    fn the_times_are_by_our_own_clock() {
        let expected = expected(1, 100, 1900, 28900);
        let body = answer(&expected).to_string();
        assert_eq!(session(body.as_bytes(), at(100)), Some(expected));
    }

    #[test]
    fn an_answer_without_sense_is_no_session() {
        let good = answer(&expected(1, 0, 1800, 28800));
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
            assert_eq!(session(body.to_string().as_bytes(), at(0)), None, "{field}");
        }
        assert_eq!(session(b"", at(0)), None);
    }
}
