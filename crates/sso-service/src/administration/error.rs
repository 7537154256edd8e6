//! Why something was not done.

use std::io;

use super::actor::administer;
use crate::{
    authority::TokenRefusal,
    keys::KeyName,
    oidc::ClientName,
    store::{
        AuthorizationError, AuthorizedError, ChangeError, ClientError, CreateUserError, GrantError,
        KeyError, MintSessionsError, StoreError, Unavailable,
    },
    users::{HashError, PasswordFault, Username},
};

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdministrationError {
    /// The caller may not administer any more.
    #[error(transparent)]
    Refused(#[from] TokenRefusal),
    /// The user does not exist.
    #[error("user {0} not found")]
    NoSuchUser(Username),
    /// The grant does not exist.
    #[error("grant not found")]
    NoSuchGrant,
    /// No key has this id.
    #[error("key not found")]
    NoSuchKey,
    /// No key has this name.
    #[error("key {0} not found")]
    NoKeyNamed(KeyName),
    /// No client of OpenID Connect has this id.
    #[error("client not found")]
    NoSuchClient,
    /// No client of OpenID Connect has this name.
    #[error("client {0} not found")]
    NoClientNamed(ClientName),
    /// The end of a grant or a key is in the past.
    #[error("the end must be in the future")]
    Past,
    /// The password does not obey the rules.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The user was not created.
    #[error(transparent)]
    Create(#[from] CreateUserError),
    /// The user or the role was not changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The grant was not created.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The key was not created.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The client of OpenID Connect was not created or changed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The sessions were not minted.
    #[error(transparent)]
    Mint(#[from] MintSessionsError),
    /// The tokens of minted sessions are on the disk and could not be handed out.
    #[error("cannot print the tokens: {0}")]
    HandOut(#[source] io::Error),
    /// The operating system gives no randomness for a token.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
    /// The database does not answer, or a user in it cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AdministrationError {
    /// Whether the database did not answer, so that it is not known whether the change was made.
    pub(super) fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Unavailable(_)) | Self::Change(ChangeError::Unavailable(_))
        )
    }
}

impl<E: Into<AdministrationError>> From<AuthorizedError<E>> for AdministrationError {
    fn from(error: AuthorizedError<E>) -> Self {
        match error {
            AuthorizedError::Change(error) => error.into(),
            AuthorizedError::Authorization(AuthorizationError::CredentialEnded) => {
                TokenRefusal::InvalidToken.into()
            }
            AuthorizedError::Authorization(AuthorizationError::PermissionMissing) => {
                TokenRefusal::Denied(administer()).into()
            }
            AuthorizedError::Authorization(AuthorizationError::Unknown(error)) => error.into(),
        }
    }
}

impl From<Unavailable> for AdministrationError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}
