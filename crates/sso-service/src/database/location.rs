//! Where the database is.

use std::path::PathBuf;

/// Where users and sessions are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// A file, created when it is not there.
    File(PathBuf),
    /// Gone when the process ends.
    Memory,
}
