//! Security events.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::audit::milliseconds;
use uuid::Uuid;

use super::kind::Kind;
use crate::users::Account;

/// The client of a request, and the id that names the request in other logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The client, seen through trusted proxies.
    pub(crate) ip: IpAddr,
    /// 1 to 128 visible ASCII characters.
    pub(crate) request_id: &'a str,
}

/// A line of the audit log, in the order in which it is written. It never holds a secret, nor a
/// name that no user has: people type their password into the wrong field.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Event {
    /// First, so that a line is recognised among others.
    pub(super) audit: Kind,
    #[serde(serialize_with = "milliseconds")]
    pub(super) time: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ip: Option<IpAddr>,
    /// The origin of the page that sent the request, as its browser said.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Box<str>>,
    /// The origin that would have been accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_origin: Option<Box<str>>,
    /// How it was done, if not by a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Box<str>>,
    /// How many more such events there were, the last of which this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u64>,
}

impl Event {
    /// An event of this kind, now.
    pub(crate) fn new(kind: Kind, now: DateTime<Utc>) -> Self {
        Self {
            audit: kind,
            time: now,
            reason: None,
            user_id: None,
            username: None,
            session_id: None,
            target: None,
            permission: None,
            ip: None,
            origin: None,
            expected_origin: None,
            via: None,
            request_id: None,
            count: None,
        }
    }

    /// An event of this kind from the shell, now.
    pub(crate) fn from_shell(kind: Kind, now: DateTime<Utc>) -> Self {
        Self { via: Some("shell"), ..Self::new(kind, now) }
    }

    /// Whether an administrator did it.
    pub(crate) fn is_administrative(&self) -> bool {
        self.audit.is_administrative()
    }

    /// The same, of another kind.
    pub(crate) fn of_kind(mut self, kind: Kind) -> Self {
        self.audit = kind;
        self
    }

    /// The account that did it.
    pub(crate) fn by(self, account: &Account) -> Self {
        self.of(account.user_id, &account.username)
    }

    /// The user that it concerns.
    pub(crate) fn of(mut self, user_id: Uuid, username: &str) -> Self {
        self.user_id = Some(user_id);
        self.username = Some(username.into());
        self
    }

    /// The request that it happened at.
    pub(crate) fn at(mut self, source: Source<'_>) -> Self {
        self.ip = Some(source.ip);
        self.request_id = Some(source.request_id.into());
        self
    }

    /// The session that it happened in.
    pub(crate) fn in_session(mut self, id: Uuid) -> Self {
        self.session_id = Some(id);
        self
    }

    /// From which origin it came, if the request says so, and from which it should have come.
    pub(crate) fn sent_by_page_of(mut self, origin: Option<&str>, expected: &str) -> Self {
        self.origin = origin.map(Into::into);
        self.expected_origin = Some(expected.into());
        self
    }

    /// The target: the name of a user, a role or a key.
    pub(crate) fn on(mut self, target: &str) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Why. One of few words.
    pub(crate) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Which permission was asked for, or was granted.
    pub(crate) fn asking(mut self, permission: &impl ToString) -> Self {
        self.permission = Some(permission.to_string().into());
        self
    }

    /// That it happened so often.
    pub(crate) fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use service_runtime::audit::write_line;

    use super::*;
    use crate::test_service::noon;

    fn line(event: &Event) -> String {
        let mut lines = Vec::new();
        write_line(event, &mut lines);
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn an_event_is_a_json_line_that_begins_with_its_kind() {
        let account = Account::powerless(Uuid::from_u128(7), noon());
        let source = Source { ip: [192, 0, 2, 1].into(), request_id: "r-1" };
        let event = Event::new(Kind::LoginFailed, noon())
            .because("wrong_password")
            .by(&account)
            .in_session(Uuid::from_u128(8))
            .at(source);
        let line = line(&event);
        assert!(line.starts_with(r#"{"audit":"login_failed","time":"2027-01-15T08:00:00.000Z","#));
        let expected = json!({
            "audit": "login_failed",
            "time": "2027-01-15T08:00:00.000Z",
            "reason": "wrong_password",
            "user_id": "00000000-0000-0000-0000-000000000007",
            "username": "00000000-0000-0000-0000-000000000007",
            "session_id": "00000000-0000-0000-0000-000000000008",
            "ip": "192.0.2.1",
            "request_id": "r-1",
        });
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
    }

    #[test]
    fn no_text_breaks_a_line() {
        for hostile in ["a\nb", "\r\n{\"audit\":\"login_ok\"}", "\"}\0\u{1b}[2J", "\u{2028}ä🔒"]
        {
            let source = Source { ip: [192, 0, 2, 1].into(), request_id: hostile };
            let event = Event::new(Kind::Throttled, noon()).at(source).asking(&hostile);
            let line = line(&event);
            assert_eq!(line.matches(['\n', '\r']).count(), 1, "{line:?}");
            let parsed: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(parsed["permission"], hostile);
            assert_eq!(parsed["audit"], "throttled");
        }
    }
}
