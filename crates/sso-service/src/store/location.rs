//! Where the database is.

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::database::PostgresServer;

/// Where users and sessions are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// A file.
    File(PathBuf),
    /// Gone when the process ends.
    Memory,
    /// A server, which several instances share.
    Postgres(Box<PostgresServer>),
}

impl Location {
    /// The server of a `postgres://` URL.
    ///
    /// # Errors
    /// When the URL has another form, or a parameter is unknown or has a value that is not allowed.
    pub(crate) fn server(url: &str) -> Result<Self, &'static str> {
        PostgresServer::parse(url).map(|server| Self::Postgres(Box::new(server)))
    }

    /// Creates the database file, empty and for its owner alone, if there is none. SQLite gives
    /// the files beside it the same mode.
    ///
    /// # Errors
    /// When there is none and it cannot be created.
    pub(super) fn create_missing(&self) -> Result<(), CreateFileError> {
        let Self::File(path) = self else {
            return Ok(());
        };
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match created {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                Err(CreateFileError { path: absolute(path), cause })
            }
            _ => Ok(()),
        }
    }

    /// Checks that there is a database file.
    ///
    /// # Errors
    /// When there is none, or it is unknown whether there is.
    pub(super) fn check_exists(&self) -> Result<(), MissingFileError> {
        match self {
            Self::File(path) if !path.try_exists().unwrap_or(false) => {
                Err(MissingFileError { path: absolute(path) })
            }
            _ => Ok(()),
        }
    }
}

/// A relative path does not help an operator in the wrong directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// There was no file and none could be created.
#[derive(Debug, thiserror::Error)]
#[error("cannot create {}: {cause}", .path.display())]
pub(crate) struct CreateFileError {
    path: PathBuf,
    cause: io::Error,
}

/// There is no database file.
#[derive(Debug, thiserror::Error)]
#[error(
    "database {} not found: the service creates it at its start, and so does `sso-service admin user create`",
    .path.display()
)]
pub(crate) struct MissingFileError {
    path: PathBuf,
}
