//! Why something was not done.

use crate::{
    authority::Refusal,
    grants::GrantError,
    keys::KeyError,
    store::Unavailable,
    users::{ChangeError, CreateError, HashError, PasswordFault, StoreError, Username},
};

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdministrationError {
    /// The administrator is none any more.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(Username),
    /// There is no such grant.
    #[error("there is no such grant")]
    NoSuchGrant,
    /// There is no such key.
    #[error("there is no such key")]
    NoSuchKey,
    /// It would be over before it began.
    #[error("the end is not in the future")]
    Past,
    /// The password is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The user was not created.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The user or the role was not changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The grant was not made.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The key was not created.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no randomness for a key.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// It cannot be told, or not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AdministrationError {
    /// Whether the database did not answer, so that it is not known whether it was done.
    pub(super) fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Unavailable(_)) | Self::Change(ChangeError::Unavailable(_))
        )
    }
}

impl From<Unavailable> for AdministrationError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}

impl From<sqlx::Error> for AdministrationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
