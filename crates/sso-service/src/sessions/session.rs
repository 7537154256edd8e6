//! One log-in, until it ends.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use service_runtime::clock::id_at;
use uuid::Uuid;

use crate::{tokens::TokenHash, users::Account};

/// How exactly it is known when a session was last seen. A busy session is then written to once
/// in this time, and its cache line stays shared between cores.
const LAST_SEEN_PRECISION_MILLIS: i64 = 1000;
/// The longest `User-Agent` that is kept, in characters.
const MAX_USER_AGENT_CHARS: usize = 256;

/// A session, as found by the hash of its token. What it says of its user is what was true at
/// log-in.
#[derive(Debug)]
pub(crate) struct Session {
    /// A UUIDv7; not a secret.
    pub(crate) id: Uuid,
    /// Whose it is. Shared by all tokens of one log-in.
    pub(crate) account: Arc<Account>,
    /// When the token was made.
    pub(crate) issued_at: DateTime<Utc>,
    /// From this instant on the token is invalid.
    pub(crate) expires_at: DateTime<Utc>,
    /// When the user logged in.
    pub(crate) created_at: DateTime<Utc>,
    /// In milliseconds since 1970. Changed by readers, who share the session.
    last_seen: AtomicI64,
    /// Who logged in.
    pub(crate) client: Client,
    /// What renews the session.
    pub(crate) refresh: RefreshGrant,
}

impl Session {
    /// A session that begins with its first token.
    pub(crate) fn begin(
        account: Account,
        client: Client,
        refresh: RefreshGrant,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: id_at(now),
            account: Arc::new(account),
            issued_at: now,
            expires_at,
            created_at: now,
            last_seen: AtomicI64::new(now.timestamp_millis()),
            client,
            refresh,
        }
    }

    /// Whether the token is no longer valid.
    pub(crate) fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at <= now
    }

    /// Notes that the token was used.
    pub(crate) fn seen(&self, now: DateTime<Utc>) {
        let now = now.timestamp_millis();
        if now - self.last_seen.load(Ordering::Relaxed) >= LAST_SEEN_PRECISION_MILLIS {
            self.last_seen.fetch_max(now, Ordering::Relaxed);
        }
    }

    /// When the token was last used, to the second.
    pub(crate) fn last_seen(&self) -> DateTime<Utc> {
        let millis = self.last_seen.load(Ordering::Relaxed);
        DateTime::from_timestamp_millis(millis).unwrap_or(self.created_at)
    }
}

/// What will renew a session: the hash of its refresh token, and how long that lives.
#[derive(Debug)]
pub(crate) struct RefreshGrant {
    /// The token itself is not kept.
    #[expect(
        dead_code,
        reason = "sessions begun now are renewed by POST /auth/refresh, once it is there"
    )]
    pub(crate) hash: TokenHash,
    /// From this instant on it is invalid.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Where a log-in came from.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Seen through trusted proxies.
    pub(crate) ip: IpAddr,
    /// What the client calls itself, if it does: shortened, and safe to show.
    pub(crate) user_agent: Option<Box<str>>,
}

impl Client {
    /// A client, with what it wrote into `User-Agent`.
    pub(crate) fn new(ip: IpAddr, user_agent: Option<&[u8]>) -> Self {
        let clean = |raw: &[u8]| -> Box<str> {
            String::from_utf8_lossy(raw)
                .chars()
                .filter(|character| !character.is_control())
                .take(MAX_USER_AGENT_CHARS)
                .collect()
        };
        Self { ip, user_agent: user_agent.map(clean) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_agent(raw: &[u8]) -> String {
        let client = Client::new([127, 0, 0, 1].into(), Some(raw));
        client.user_agent.unwrap().into_string()
    }

    #[test]
    fn a_user_agent_is_short_and_safe_to_show() {
        assert_eq!(user_agent(b"curl/8.0"), "curl/8.0");
        assert_eq!(user_agent(b"a\tb\x1b[31m\xc2\x9bc"), "ab[31mc");
        assert_eq!(user_agent(b"\xff"), "\u{fffd}");
        assert_eq!(user_agent(&[b'x'; 1000]).len(), 256);
    }
}
