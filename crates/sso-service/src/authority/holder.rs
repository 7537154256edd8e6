//! Holders of valid tokens.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    audit::{Event, Kind, Source},
    sessions::Principal,
    users::Account,
};

/// The holder of a valid token, of a session or a key.
#[derive(Debug)]
pub(crate) struct Holder {
    /// The account and its permissions, as they are now.
    pub(crate) account: Arc<Account>,
    /// The session the token stands for; `None` for a key.
    pub(crate) session_id: Option<Uuid>,
    /// When the token was made.
    pub(crate) issued_at: DateTime<Utc>,
    /// From this instant on it is invalid. A key without an end may be asked about again then.
    pub(crate) expires_at: DateTime<Utc>,
}

impl Holder {
    /// The event that the holder did this now.
    pub(crate) fn event(&self, kind: Kind, now: DateTime<Utc>, from: Source<'_>) -> Event {
        let event = Event::new(kind, now).at(from).by(&self.account);
        self.session_id.map_or(event.clone(), |id| event.in_session(id))
    }
}

impl From<Principal> for Holder {
    fn from(principal: Principal) -> Self {
        Self {
            account: principal.account,
            session_id: Some(principal.session.id),
            issued_at: principal.issued_at,
            expires_at: principal.expires_at,
        }
    }
}
