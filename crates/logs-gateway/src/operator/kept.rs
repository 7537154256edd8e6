//! What is kept of a log-in, as it is written down.

use serde::{Deserialize, Serialize};
use shared_types::BearerToken;
use zeroize::Zeroizing;

use super::{session::Session, sso_url::SsoUrl};

/// A session, and how to reach the authority that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) sso: SsoUrl,
    /// The certificate authorities that are believed, in PEM; without them, the system's. Kept
    /// whole: a path could lead to others tomorrow.
    pub(super) ca: Option<String>,
    pub(super) session: Session,
}

/// The same in JSON. Secrets are borrowed, so that nothing copies them.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    sso: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<String>,
    username: String,
    token: &'a str,
    issued_at: Instant,
    expires_at: Instant,
    refresh_token: &'a str,
    refresh_expires_at: Instant,
}

type Instant = chrono::DateTime<chrono::Utc>;

impl Kept {
    pub(super) fn to_json(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let session = &self.session;
        let record = Record {
            sso: self.sso.to_string(),
            ca: self.ca.clone(),
            username: session.username.clone(),
            token: session.token.expose(),
            issued_at: session.issued_at,
            expires_at: session.expires_at,
            refresh_token: session.refresh_token.expose(),
            refresh_expires_at: session.refresh_expires_at,
        };
        // Room for all of it: a vector that grows leaves its content behind.
        let room = 4096 + 2 * self.ca.as_ref().map_or(0, String::len);
        let mut json = Zeroizing::new(Vec::with_capacity(room));
        serde_json::to_writer(&mut *json, &record)?;
        Ok(json)
    }

    /// `None` for what nobody here wrote.
    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        let record: Record<'_> = serde_json::from_slice(json).ok()?;
        let token = |text: &str| BearerToken::parse(text.as_bytes()).ok();
        let session = Session {
            username: record.username,
            token: token(record.token)?,
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            refresh_token: token(record.refresh_token)?,
            refresh_expires_at: record.refresh_expires_at,
        };
        Some(Self { sso: SsoUrl::parse(&record.sso).ok()?, ca: record.ca, session })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::session::tests::session, *};

    #[test]
    fn what_is_written_is_read_again() {
        for ca in [None, Some("-----BEGIN\nEND-----\n".to_owned())] {
            let sso = SsoUrl::parse("https://sso.example/id").unwrap();
            let kept = Kept { sso, ca, session: session(1, 0, 1800, 28800) };
            let json = kept.to_json().unwrap();
            assert_eq!(Kept::from_json(&json), Some(kept));
            // Cut off anywhere it is nothing.
            for end in 0..json.len() {
                assert_eq!(Kept::from_json(&json[..end]), None);
            }
        }
    }

    #[test]
    fn what_is_kept_shows_no_token() {
        let sso = SsoUrl::parse("https://sso.example").unwrap();
        let kept = Kept { sso, ca: None, session: session(1, 0, 1800, 28800) };
        let shown = format!("{kept:?}");
        assert!(!shown.contains(kept.session.token.expose()));
        assert!(!shown.contains(kept.session.refresh_token.expose()));
    }
}
