//! A single event, from a process that ends soon.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use super::{event::Event, file::AuditFile, rows::insert};
use crate::database::{Database, Unavailable};

/// Where a command writes down what it did: among the events of the database, and in the file that
/// the service writes to, if there is one. Lines that are appended do not mix.
#[derive(Debug)]
pub(crate) struct AuditRecord {
    file: Option<AuditFile>,
    database: Database,
}

impl AuditRecord {
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(file: Option<PathBuf>, database: Database) -> Result<Self, AuditError> {
        Ok(Self { file: file.map(AuditFile::open).transpose()?, database })
    }

    /// Writes an event.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn write(&mut self, event: Event) -> Result<(), AuditError> {
        let mut line = Vec::new();
        event.write_to(&mut line);
        if let Some(file) = &mut self.file {
            file.write_all(&line)?;
        }
        Ok(insert(&self.database, &[event]).await?)
    }
}

/// What was done may not be written down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The database cannot be written.
    #[error(transparent)]
    Rows(#[from] Unavailable),
}
