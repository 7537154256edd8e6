//! What can go wrong with users.

use super::{role_name::RoleName, username::Username};
use crate::database::Unavailable;

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
    /// The role is what it is.
    #[error("the role {0} is built in")]
    BuiltinRole(RoleName),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}
