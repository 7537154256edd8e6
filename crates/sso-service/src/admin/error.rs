//! Why a command was not done.

use std::{io, path::PathBuf};

use shared_types::InvalidPermission;

use crate::{
    audit::AuditFileError,
    keys::{InvalidKeyName, KeyError, KeyName},
    sessions::MintError,
    store::{LockError, OpenError, Unavailable},
    users::{
        ChangeError, CreateError, HashFault, InvalidRoleName, InvalidUsername, PasswordFault,
        StoreError,
    },
};

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// Nobody would ever see the change.
    #[error("SSO_DATABASE_URL: a database in memory is gone when the command ends; name a file")]
    InMemory,
    /// The name cannot be one.
    #[error("the name {0}")]
    Username(#[from] InvalidUsername),
    /// The name of the role cannot be one.
    #[error("the name {0}")]
    RoleName(#[from] InvalidRoleName),
    /// The permission cannot be one.
    #[error("{0:?} is no permission: {1}")]
    Permission(String, InvalidPermission),
    /// The two passwords typed differ.
    #[error("the two passwords differ")]
    Mistyped,
    /// The password is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The password cannot be read from its file.
    #[error("cannot read {}: {cause}", .path.display())]
    PasswordFile {
        /// Where it should be.
        path: PathBuf,
        /// Why it is not read.
        cause: io::Error,
    },
    /// The password cannot be hashed.
    #[error(transparent)]
    Hash(#[from] HashFault),
    /// The file of the audit log does not do its part.
    #[error("SSO_AUDIT_FILE: {0}")]
    Audit(#[from] AuditFileError),
    /// The database cannot be opened.
    #[error("SSO_DATABASE_URL: {0}")]
    Open(#[from] OpenError),
    /// The user cannot be created.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The user or the role cannot be changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The key cannot be created.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The name of the key cannot be one.
    #[error("the name {0}")]
    KeyName(#[from] InvalidKeyName),
    /// There is no such key.
    #[error("there is no key {0}")]
    NoSuchKey(KeyName),
    /// There is no randomness for a key.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The sessions cannot be minted.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// The service runs.
    #[error("stop the service first: {0}")]
    Lock(#[from] LockError),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The users cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Standard input or output failed.
    #[error("standard input or output failed: {0}")]
    Io(#[from] io::Error),
}

impl From<sqlx::Error> for AdminError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl AdminError {
    /// Whether another configuration would help.
    pub(crate) fn is_about_configuration(&self) -> bool {
        match self {
            Self::InMemory | Self::Lock(_) | Self::Audit(AuditFileError::Open(_)) => true,
            Self::PasswordFile { cause, .. } => cause.kind() == io::ErrorKind::InvalidData,
            Self::Open(error) => error.is_about_configuration(),
            _ => false,
        }
    }
}
