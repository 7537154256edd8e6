//! Why a database was not moved.

use std::io;

use crate::store::{
    database::{LockError, OpenError, postgres::ServerError},
    unavailable::Unavailable,
};

/// The database was not moved, and the source may be served on, unless the error says something
/// else.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrationError {
    /// A service runs on the source.
    #[error("stop the service first: {0}")]
    Lock(#[from] LockError),
    /// The source cannot be opened.
    #[error("--from: {0}")]
    Open(#[from] OpenError),
    /// The target cannot be used.
    #[error("--to: {0}")]
    Server(#[from] ServerError),
    /// There is nothing left to do.
    #[error("--from: was moved to {0} already; serve that")]
    Done(String),
    /// The source was moved somewhere else.
    #[error("--from: was moved to {0}")]
    Elsewhere(String),
    /// The target is not empty.
    #[error("--to: has users already; name an empty database")]
    NotEmpty,
    /// An instance runs on the target.
    #[error("--to: an instance of the service is registered there; stop it first")]
    Served,
    /// The revocations in the journal cannot be read.
    #[error("--from: cannot read the journal beside the database: {0}")]
    Journal(#[source] io::Error),
    /// The revocations of the journal cannot be written.
    #[error("--from: cannot write the revocations of the journal: {0}")]
    Revocations(#[from] Unavailable),
    /// The source cannot be read or marked.
    #[error("--from: {0}")]
    Source(#[source] sqlx::Error),
    /// The target cannot be written.
    #[error("--to: {0}")]
    Target(#[source] sqlx::Error),
    /// What was written is not what was read.
    #[error("table {0} differs after it was copied; nothing was moved")]
    Differs(&'static str),
    /// The target does not say whether it has committed.
    #[error("--to: {0}; it is not known whether the database was moved: run the command again")]
    Unknown(#[source] sqlx::Error),
}

impl MigrationError {
    /// Whether another configuration would help.
    pub(crate) fn is_about_configuration(&self) -> bool {
        match self {
            Self::Lock(_) | Self::Done(_) | Self::Elsewhere(_) | Self::NotEmpty | Self::Served => {
                true
            }
            Self::Open(error) => error.is_about_configuration(),
            Self::Server(error) => error.is_about_configuration(),
            _ => false,
        }
    }
}
