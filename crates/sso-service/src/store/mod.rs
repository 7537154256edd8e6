//! Where everything is kept that lasts: users, roles, keys, grants, sessions, security events.
//!
//! Use cases call the [`Store`] by commands, which say what shall happen. A look-up gives an
//! `Option`; what needs the time takes it as an argument; a rule is checked in the transaction that
//! writes; a change and its security events are one transaction. All SQL is in here: a second
//! database gets a folder beside `sqlite`, and `Store` becomes an enum of the two.

mod attribution;
mod errors;
mod location;
mod sqlite;
#[cfg(test)]
mod tests;
mod unavailable;

pub(crate) use attribution::{Attribution, Authorization, Credential, Recorded};
pub(crate) use errors::{
    AuthorizationError, AuthorizedError, BeginSessionError, ChangeError, CreateUserError,
    GrantError, KeyError, MintSessionsError, PasswordChangeError, StoreError, TooManySessions,
};
pub(crate) use location::Location;
pub(crate) use sqlite::{InstanceLock, LockError, OpenError, SqliteStore as Store};
pub(crate) use unavailable::Unavailable;
