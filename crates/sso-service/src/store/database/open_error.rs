//! Why a database could not be opened.

use std::io;

use sqlx::migrate::MigrateError;

use super::{
    postgres::{LookError, ServerError, StartFollowerError},
    sqlite::{LockError, StartWriterError},
};
use crate::store::location::{CreateFileError, MissingFileError};

/// The database could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// There was no file and none could be created.
    #[error(transparent)]
    Create(#[from] CreateFileError),
    /// There is no file and none may be created.
    #[error(transparent)]
    Missing(#[from] MissingFileError),
    /// The service uses the file by another path.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Everything is somewhere else.
    #[error(
        "the database was moved to {0}: use that. If the move was interrupted, run `sso-service migrate` again"
    )]
    Moved(String),
    /// The file is no database, or is locked.
    #[error("cannot open the database: {0}")]
    Connect(#[from] sqlx::Error),
    /// The tables are not ours, or of a later version.
    #[error("cannot migrate the database: {0}")]
    Migrate(#[from] MigrateError),
    /// The journal of revocations beside the file cannot be created or read.
    #[error("cannot open the journal beside the database: {0}")]
    Journal(#[source] io::Error),
    /// The names of the files are not known to be on the disk.
    #[error("cannot sync the directory of the database: {0}")]
    Directory(#[source] io::Error),
    /// There is no thread to write with, or the file is gone.
    #[error("cannot start the writer of the database: {0}")]
    Writer(#[from] io::Error),
    /// The server cannot be used.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The sessions cannot be read from the server.
    #[error("cannot load the sessions: {0}")]
    Load(#[from] LookError),
}

impl OpenError {
    /// Whether another configuration would help.
    pub(crate) fn is_about_configuration(&self) -> bool {
        match self {
            Self::Create(_) | Self::Missing(_) | Self::Lock(_) | Self::Moved(_) => true,
            Self::Server(error) => error.is_about_configuration(),
            _ => false,
        }
    }
}

impl From<StartWriterError> for OpenError {
    fn from(error: StartWriterError) -> Self {
        match error {
            StartWriterError::Thread(error) => Self::Writer(error),
            StartWriterError::Follow(error) => Self::Connect(error),
        }
    }
}

impl From<StartFollowerError> for OpenError {
    fn from(error: StartFollowerError) -> Self {
        match error {
            StartFollowerError::Thread(error) => Self::Writer(error),
            StartFollowerError::Load(error) => Self::Load(error),
        }
    }
}
