//! What can go wrong with users.

use super::{role_name::RoleName, username::Username};
use crate::store::Unavailable;

/// It cannot be told, or not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A row holds what was never written to it.
    #[error("user {user_id} cannot be read from the database")]
    Corrupt {
        /// Whose row it is.
        user_id: String,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// A user was not created, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
    /// Somebody has the name.
    #[error("a user {0} exists already")]
    NameTaken(Username),
    /// Somebody has the address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// There is no such role.
    #[error("there is no role {0:?}")]
    UnknownRole(String),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for CreateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// A user or a role was not changed, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(Username),
    /// Nobody could undo it.
    #[error("no enabled user would have a role to administer with any more")]
    LastAdmin,
    /// Somebody else has the address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// There is no such role to be given.
    #[error("there is no role {0:?}")]
    UnknownRole(String),
    /// There is no such role to be changed.
    #[error("there is no role {0}")]
    NoSuchRole(RoleName),
    /// The role is what it is.
    #[error("the role {0} is built in")]
    BuiltinRole(RoleName),
    /// Somebody has the role.
    #[error("somebody has the role {0}")]
    RoleInUse(RoleName),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// A user's own password was not changed, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordChangeError {
    /// The session is over in which it was to be changed.
    #[error("the session has ended meanwhile")]
    SessionOver,
    /// The password was changed since it was compared.
    #[error("the password was changed meanwhile")]
    Outdated,
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for PasswordChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}
