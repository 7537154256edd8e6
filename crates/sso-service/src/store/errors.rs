//! Why something was not read or not written.

use super::unavailable::Unavailable;
use crate::{
    oidc::ClientName,
    users::{RoleName, Username},
};

/// A user could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The row of a user is invalid.
    #[error("user {user_id} cannot be read from the database")]
    Corrupt {
        /// The id of the user, as it stands in the row.
        user_id: String,
    },
}

/// A user was not created, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateUserError {
    /// Another user has the name.
    #[error("user {0} already exists")]
    NameTaken(Username),
    /// Another user has the address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// The role does not exist.
    #[error("role {0:?} not found")]
    UnknownRole(String),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A user or a role was not changed, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// The user does not exist.
    #[error("user {0} not found")]
    NoSuchUser(Username),
    /// No user could administer after the change.
    #[error("the last enabled administrator must keep a role with sso:admin")]
    LastAdmin,
    /// Another user has the address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// A role to be assigned does not exist.
    #[error("role {0:?} not found")]
    UnknownRole(String),
    /// The role to be changed does not exist.
    #[error("role {0} not found")]
    NoSuchRole(RoleName),
    /// The user logs in by the provider.
    #[error("the user logs in by the provider and has no password")]
    NoPassword,
    /// Built-in roles cannot be changed.
    #[error("the role {0} is built in")]
    BuiltinRole(RoleName),
    /// A user has the role.
    #[error("the role {0} is in use")]
    RoleInUse(RoleName),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A user's own password was not changed, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordChangeError {
    /// The session in which the password was to be changed has ended.
    #[error("the session has ended meanwhile")]
    SessionOver,
    /// The password was changed since it was verified.
    #[error("the password was changed meanwhile")]
    Outdated,
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A grant was not created, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantError {
    /// The user does not exist.
    #[error("user {0} not found")]
    NoSuchUser(Username),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A key was not created, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// Another key has the name.
    #[error("key {0} already exists")]
    NameTaken(crate::keys::KeyName),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A client was not created or changed, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The client does not exist.
    #[error("client not found")]
    NoSuchClient,
    /// Another client has the name.
    #[error("client {0} already exists")]
    NameTaken(ClientName),
    /// A role that is named does not exist.
    #[error("role {0:?} not found")]
    UnknownRole(String),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A request that waits for a user was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// Too many wait already.
    #[error("too many log-ins are going on")]
    TooMany,
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A code was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeError {
    /// The request that it answers is over, or was answered before.
    #[error("the log-in for the client is over")]
    RequestOver,
    /// The session has ended, or the user may not use the client any more.
    #[error("the session has ended meanwhile")]
    SessionOver,
    /// The user or the session could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unavailable> for CodeError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}

impl From<sqlx::Error> for CodeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A session was not begun, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginSessionError {
    /// The user changed after the password was verified.
    #[error("the user was disabled, deleted or given another password meanwhile")]
    UserChanged,
    /// The limit of all sessions is reached.
    #[error(transparent)]
    TooManySessions(#[from] TooManySessions),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The first-party client got no session, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VouchError {
    /// The limit of all sessions is reached.
    #[error(transparent)]
    TooManySessions(#[from] TooManySessions),
    /// The user or the session that vouches could not be read, or the database not written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unavailable> for VouchError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}

impl From<sqlx::Error> for VouchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Log-ins are refused until a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limit of sessions is reached")]
pub(crate) struct TooManySessions;

/// Sessions were not begun, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MintSessionsError {
    /// No enabled user has this name.
    #[error("user {0} not found or disabled")]
    NoSuchUser(Username),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The author of a change may not make it any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorizationError {
    /// The session has ended, or the key was deleted or has expired.
    #[error("the session or the key has ended")]
    CredentialEnded,
    /// The permission is missing.
    #[error("the permission is missing")]
    PermissionMissing,
    /// The author could not be read.
    #[error(transparent)]
    Unknown(#[from] StoreError),
}

/// A change that takes a permission was not made, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorizedError<E> {
    /// Its author may not make it any more.
    #[error(transparent)]
    Authorization(#[from] AuthorizationError),
    /// The change itself was refused, or the database does not answer.
    #[error("{0}")]
    Change(E),
}

impl<E: From<Unavailable>> From<Unavailable> for AuthorizedError<E> {
    fn from(error: Unavailable) -> Self {
        Self::Change(error.into())
    }
}

/// What SQLite reports is an [`Unavailable`] database.
macro_rules! unavailable_from_sqlx {
    ($($error:ty),*) => {
        $(impl From<sqlx::Error> for $error {
            fn from(error: sqlx::Error) -> Self {
                Self::Unavailable(error.into())
            }
        })*
    };
}

unavailable_from_sqlx!(
    StoreError,
    CreateUserError,
    ChangeError,
    PasswordChangeError,
    GrantError,
    KeyError,
    ClientError,
    RequestError,
    BeginSessionError,
    MintSessionsError
);

impl From<sqlx::Error> for AuthorizationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unknown(error.into())
    }
}

impl AuthorizedError<Unavailable> {
    /// Whether it is not known if the change was made, because the database did not answer.
    pub(super) fn is_unavailable(&self) -> bool {
        match self {
            Self::Authorization(error) => error.is_unavailable(),
            Self::Change(Unavailable::Failed(_) | Unavailable::Silent) => true,
        }
    }
}

impl AuthorizedError<ChangeError> {
    /// Whether it is not known if the change was made, because the database did not answer.
    pub(super) fn is_unavailable(&self) -> bool {
        match self {
            Self::Authorization(error) => error.is_unavailable(),
            Self::Change(error) => matches!(error, ChangeError::Unavailable(_)),
        }
    }
}

impl AuthorizationError {
    fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unknown(StoreError::Unavailable(_)))
    }
}
