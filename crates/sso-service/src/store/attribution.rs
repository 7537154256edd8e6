//! The author of a change, who is checked again and recorded in the transaction of the change.

use chrono::{DateTime, Utc};
use shared_types::AskedPermission;
use uuid::Uuid;

use crate::audit::Event;

/// The author of a change, and its record.
#[derive(Debug)]
pub(crate) struct Attribution {
    /// What must still permit the change when it is written.
    pub(crate) authorization: Authorization,
    /// The events of the change.
    pub(crate) events: Vec<Event>,
}

/// The reason why a change is permitted. A request takes as long as its sender likes, and passwords
/// are hashed before the change is written: the permission may have been lost since the request
/// began.
#[derive(Debug)]
pub(crate) struct Authorization {
    /// The credential of the author.
    pub(crate) credential: Credential,
    /// The permission that it must give.
    pub(crate) asked: AskedPermission,
    /// The time of the change.
    pub(crate) now: DateTime<Utc>,
}

/// The credential of the author of a change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credential {
    /// A token of the session of this id.
    Session(Uuid),
    /// The API key of this id.
    Key(Uuid),
    /// Access to the database: a command in a shell. It may do everything.
    Shell,
}

/// A change that was written, with its events.
#[derive(Debug)]
pub(crate) struct Recorded<T> {
    /// The result of the change.
    pub(crate) done: T,
    /// Its events, as they were written. Their lines are still to be written to the audit log.
    pub(crate) events: Vec<Event>,
}

#[cfg(test)]
impl Attribution {
    /// A change that everybody may make and that leaves no event.
    pub(crate) fn unrecorded(now: DateTime<Utc>) -> Self {
        let (credential, asked) = (Credential::Shell, AskedPermission::everywhere("sso:admin"));
        Self { authorization: Authorization { credential, asked, now }, events: Vec::new() }
    }
}
