//! Who administers.

use chrono::{DateTime, Utc};
use shared_types::AskedPermission;

use super::authorization::Authorization;
use crate::{
    audit::{Event, Kind, Source},
    authority::Holder,
};

/// The permission that all of administration takes.
#[must_use]
pub(crate) fn administer() -> AskedPermission {
    AskedPermission::everywhere("sso:admin")
}

/// An administrator, or a key that is as powerful, at a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor<'a> {
    /// Who it is.
    pub(crate) holder: &'a Holder,
    /// Where the request came from.
    pub(crate) source: Source<'a>,
}

impl Actor<'_> {
    /// The name by which it is remembered who did something.
    pub(crate) fn name(&self) -> &str {
        &self.holder.account.username
    }

    /// The event that the actor did this.
    pub(super) fn event(&self, kind: Kind, now: DateTime<Utc>, what: &'static str) -> Event {
        self.holder.event(kind, now, self.source).because(what)
    }

    /// What has to hold still when a change of the actor is written.
    pub(super) fn authorization(&self, now: DateTime<Utc>) -> Authorization {
        match self.holder.session_id {
            Some(session) => Authorization::of_session(session, now),
            None => Authorization::of_key(self.holder.account.user_id, now),
        }
    }
}
