//! A log-in as it is saved in the state directory.

use serde::{Deserialize, Serialize};
use shared_types::BearerToken;
use zeroize::Zeroizing;

use crate::{authority_url::AuthorityUrl, session::Session};

/// A session, and how to reach its authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedLogin {
    pub(crate) sso: AuthorityUrl,
    /// The trusted certificate authorities in PEM; without them, those of the system. The content
    /// and not a path, whose file could change later.
    pub(crate) ca: Option<String>,
    pub(crate) session: Session,
}

/// The same in JSON. Secrets are borrowed, so that nothing copies them.
#[derive(Serialize, Deserialize)]
struct SavedLoginJson<'a> {
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

impl SavedLogin {
    pub(crate) fn to_json(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let session = &self.session;
        let json_form = SavedLoginJson {
            sso: self.sso.to_string(),
            ca: self.ca.clone(),
            username: session.username.clone(),
            token: session.token.expose(),
            issued_at: session.issued_at,
            expires_at: session.expires_at,
            refresh_token: session.refresh_token.expose(),
            refresh_expires_at: session.refresh_expires_at,
        };
        // Capacity for all of it: a growing vector leaves copies of its content in memory.
        let room = 4096 + 2 * self.ca.as_ref().map_or(0, String::len);
        let mut json = Zeroizing::new(Vec::with_capacity(room));
        serde_json::to_writer(&mut *json, &json_form)?;
        Ok(json)
    }

    /// `None` when the content was not written by [`Self::to_json`].
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let json_form: SavedLoginJson<'_> = serde_json::from_slice(json).ok()?;
        let token = |text: &str| BearerToken::parse(text.as_bytes()).ok();
        let session = Session {
            username: json_form.username,
            token: token(json_form.token)?,
            issued_at: json_form.issued_at,
            expires_at: json_form.expires_at,
            refresh_token: token(json_form.refresh_token)?,
            refresh_expires_at: json_form.refresh_expires_at,
        };
        Some(Self { sso: AuthorityUrl::parse(&json_form.sso).ok()?, ca: json_form.ca, session })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::session;

    #[test]
    fn a_saved_log_in_reads_back_equal() {
        for ca in [None, Some("-----BEGIN\nEND-----\n".to_owned())] {
            let sso = AuthorityUrl::parse("https://sso.example/id").unwrap();
            let saved = SavedLogin { sso, ca, session: session(1, 0, 1800, 28800) };
            let json = saved.to_json().unwrap();
            assert_eq!(SavedLogin::from_json(&json), Some(saved));
            // A truncated file is not read.
            for end in 0..json.len() {
                assert_eq!(SavedLogin::from_json(&json[..end]), None);
            }
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let sso = AuthorityUrl::parse("https://sso.example").unwrap();
        let saved = SavedLogin { sso, ca: None, session: session(1, 0, 1800, 28800) };
        let shown = format!("{saved:?}");
        assert!(!shown.contains(saved.session.token.expose()));
        assert!(!shown.contains(saved.session.refresh_token.expose()));
    }
}
