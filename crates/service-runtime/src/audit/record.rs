//! Where lines go.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use super::file::AuditFile;

/// Where lines go: a file, or standard error.
pub type AuditRecord = Box<dyn Write + Send>;

/// Opens the record. Standard error is the record where no file is named.
///
/// # Errors
/// When the file can be neither opened nor created.
pub fn open_record(file: Option<PathBuf>) -> Result<AuditRecord, OpenRecordError> {
    match file {
        None => Ok(Box::new(io::stderr())),
        Some(path) => match AuditFile::open(path.clone()) {
            Ok(file) => Ok(Box::new(file)),
            Err(cause) => Err(OpenRecordError { path, cause }),
        },
    }
}

/// The audit log cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {}: {cause}", .path.display())]
pub struct OpenRecordError {
    path: PathBuf,
    cause: io::Error,
}
