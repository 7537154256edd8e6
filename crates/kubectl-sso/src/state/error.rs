//! Errors of the state.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The error of an unusable state directory or file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("{} is not used: {reason}", .path.display())]
    Unsafe { path: PathBuf, reason: UnsafeReason },
    #[error("cannot use {}: {cause}", .path.display())]
    Io { path: PathBuf, cause: io::Error },
    #[error("another kubectl-sso has held {} for too long; try again", .0.display())]
    Locked(PathBuf),
}

/// The reason not to trust a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnsafeReason {
    #[error("it is a link, or not a directory")]
    NotADirectory,
    #[error("it is a link, or not a regular file")]
    NotAFile,
    #[cfg(unix)]
    #[error("it belongs to another user")]
    ForeignOwner,
    #[cfg(unix)]
    #[error(
        "others can access it (its mode is {0:03o}); if it was not misused, remove their access: \
         chmod go="
    )]
    OpenToOthers(rustix::fs::RawMode),
    #[error("it is too large")]
    TooLarge,
}

impl StateError {
    /// Adds the path to an I/O error.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |cause| Self::Io { path, cause }
    }
}
