//! Why a container's files are not there.

use std::io;

use super::{listed::NothingListed, open_failure::OpenFailure};

/// Why a container's files are not there.
#[derive(Debug)]
pub(crate) enum MissingLog {
    Log,
    Previous,
    Run,
    /// There are files, but none that the gateway reads.
    NotALog(io::Error),
    Io(io::Error),
}

impl From<NothingListed> for MissingLog {
    fn from(nothing: NothingListed) -> Self {
        match nothing {
            NothingListed::Log => Self::Log,
            NothingListed::Previous => Self::Previous,
            NothingListed::Run => Self::Run,
        }
    }
}

impl From<io::Error> for MissingLog {
    /// A file or directory that was removed during the look-up did not exist.
    fn from(error: io::Error) -> Self {
        match OpenFailure::of(&error) {
            OpenFailure::Gone => Self::Log,
            OpenFailure::NotALog => Self::NotALog(error),
            OpenFailure::Denied | OpenFailure::Unknown | OpenFailure::Other => Self::Io(error),
        }
    }
}
