//! The author of an administrative change.

use chrono::{DateTime, Utc};
use shared_types::AskedPermission;

use crate::{
    audit::{Event, Kind, Source},
    authority::Holder,
    store::{Authorization, Credential},
};

/// The name by which a shell is remembered as the author of a key. No user can have it.
const SHELL: &str = "(shell)";

/// The permission that all of administration takes.
#[must_use]
pub(crate) fn administer() -> AskedPermission {
    AskedPermission::everywhere("sso:admin")
}

/// The author of an administrative change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Actor<'a> {
    /// A user who may administer, or a key that permits it, at a request.
    Caller {
        /// The holder of the token.
        holder: &'a Holder,
        /// Where the request came from.
        source: Source<'a>,
    },
    /// A command in a shell, which has access to the database itself.
    Shell,
}

impl<'a> Actor<'a> {
    /// The caller who holds a token, at a request from there.
    pub(crate) fn caller(holder: &'a Holder, source: Source<'a>) -> Self {
        Self::Caller { holder, source }
    }

    /// The name by which it is remembered who did something.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Caller { holder, .. } => &holder.account.username,
            Self::Shell => SHELL,
        }
    }

    /// The event that the actor did this.
    pub(super) fn event(&self, kind: Kind, now: DateTime<Utc>, what: &'static str) -> Event {
        let event = match self {
            Self::Caller { holder, source } => holder.event(kind, now, *source),
            Self::Shell => Event::from_shell(kind, now),
        };
        event.because(what)
    }

    /// What must still hold when a change of the actor is written.
    pub(super) fn authorization(&self, now: DateTime<Utc>) -> Authorization {
        let credential = match self {
            Self::Shell => Credential::Shell,
            Self::Caller { holder, .. } => match holder.session_id {
                Some(session) => Credential::Session(session),
                None => Credential::Key(holder.account.user_id),
            },
        };
        Authorization { credential, asked: administer(), now }
    }
}
