//! The audit log of a command: the file that the service writes to, if there is one.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use service_runtime::audit::AuditFile;

/// A file that the events of a command are appended to; lines that are appended do not mix. An
/// error is kept until the command has ended: the change was made, and recorded in the database.
#[derive(Debug, Clone, Default)]
pub(super) struct CommandAuditFile(Arc<Mutex<Appended>>);

#[derive(Debug, Default)]
struct Appended {
    file: Option<AuditFile>,
    failed: Option<io::Error>,
}

impl CommandAuditFile {
    /// Opens the file, if one is configured.
    ///
    /// # Errors
    /// When it cannot be opened. Nothing was changed then.
    pub(super) fn open(path: Option<PathBuf>) -> Result<Self, AuditFileError> {
        let file = path.map(AuditFile::open).transpose().map_err(AuditFileError::Open)?;
        Ok(Self(Arc::new(Mutex::new(Appended { file, failed: None }))))
    }

    /// Whether all lines were written.
    ///
    /// # Errors
    /// When one was not.
    pub(super) fn finish(&self) -> Result<(), AuditFileError> {
        let mut appended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        appended.failed.take().map_or(Ok(()), |error| Err(AuditFileError::Write(error)))
    }
}

/// Never fails, so that the log does not write the lines elsewhere.
impl Write for CommandAuditFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let mut appended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &mut appended.file
            && let Err(error) = file.write_all(lines)
        {
            appended.failed.get_or_insert(error);
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The audit log of a command cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditFileError {
    /// Nothing was changed.
    #[error("cannot open the audit log: {0}")]
    Open(#[source] io::Error),
    /// The change was made, and recorded in the database.
    #[error("done, and recorded in the database, but not in the audit log: {0}")]
    Write(#[source] io::Error),
}
