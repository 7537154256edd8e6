//! The end of the process after a failed sync.
//!
//! When Linux cannot write a page to the disk it reports that once and counts the page as written: a
//! further sync succeeds without it. So nothing that follows could be trusted to be on the disk. A
//! supervisor starts the service again, which writes anew what it reads
//! ([`checkpoint`](super::checkpoint), the journal of revocations).

use std::io;

use sqlx::error::DatabaseError;

use crate::store::database::fatal::FatalFault;

/// `SQLITE_IOERR_FSYNC` and `SQLITE_IOERR_DIR_FSYNC`.
const CODES: [u32; 2] = [1034, 1290];

/// A file of the database, or the journal beside it, could not be synced.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::store) struct FailedSync(String);

impl FailedSync {
    /// # Errors
    /// When a sync was what failed.
    pub(super) fn check(result: &Result<(), sqlx::Error>) -> Result<(), Self> {
        match result {
            Err(error) if is_failed_sync(error) => Err(Self(error.to_string())),
            _ => Ok(()),
        }
    }

    /// Ends the process when the answers that are ready have been sent.
    pub(in crate::store::database) fn end_process(&self, fault: &FatalFault) {
        tracing::error!(error = %self, "a sync of the database failed: the process ends");
        fault.raise();
    }
}

impl From<io::Error> for FailedSync {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

fn is_failed_sync(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let code = code.and_then(|code| code.parse().ok());
    code.is_some_and(|code| CODES.contains(&code))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("disk I/O error")]
    struct Coded(&'static str);

    impl DatabaseError for Coded {
        fn message(&self) -> &str {
            "disk I/O error"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    #[test]
    fn failed_syncs_are_told_from_other_errors_of_the_disk() {
        let cases = [("1034", true), ("1290", true), ("10", false), ("778", false), ("13", false)];
        for (code, expected) in cases {
            let error = sqlx::Error::Database(Box::new(Coded(code)));
            assert_eq!(is_failed_sync(&error), expected, "{code}");
        }
        assert!(!is_failed_sync(&sqlx::Error::PoolTimedOut));
    }
}
