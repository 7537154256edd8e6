//! Why a command was not done.

use std::{io, path::PathBuf};

use shared_types::InvalidPermission;

use super::audit_file::AuditFileError;
use crate::{
    administration::AdministrationError,
    keys::InvalidKeyName,
    oidc::InvalidClientName,
    store::{LockError, OpenError, Unavailable},
    users::{InvalidRoleName, InvalidUsername, PasswordFault},
};

/// Nothing was changed, unless the error says so.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// A change in memory would be lost when the command ends.
    #[error("SSO_DATABASE_URL: a database in memory is gone when the command ends; name a file")]
    InMemory,
    /// The name of the user is invalid.
    #[error("the name {0}")]
    Username(#[from] InvalidUsername),
    /// The name of the role is invalid.
    #[error("the name {0}")]
    RoleName(#[from] InvalidRoleName),
    /// The name of the key is invalid.
    #[error("the name {0}")]
    KeyName(#[from] InvalidKeyName),
    /// The name of the client is invalid.
    #[error("the name {0}")]
    ClientName(#[from] InvalidClientName),
    /// The permission is invalid.
    #[error("{0:?} is not a permission: {1}")]
    Permission(String, InvalidPermission),
    /// The two typed passwords differ.
    #[error("the two passwords differ")]
    Mistyped,
    /// The password is too long.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The password cannot be read from its file.
    #[error("cannot read {}: {cause}", .path.display())]
    PasswordFile {
        /// The path of the file.
        path: PathBuf,
        /// Why it cannot be read.
        cause: io::Error,
    },
    /// The audit log cannot be opened or written.
    #[error("SSO_AUDIT_FILE: {0}")]
    Audit(#[from] AuditFileError),
    /// The database cannot be opened.
    #[error("SSO_DATABASE_URL: {0}")]
    Open(#[from] OpenError),
    /// The change was refused, or failed.
    #[error(transparent)]
    Administration(#[from] AdministrationError),
    /// The service is running.
    #[error("stop the service first: {0}")]
    Lock(#[from] LockError),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Standard input or output failed.
    #[error("standard input or output failed: {0}")]
    Io(#[from] io::Error),
    /// The operating system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
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
