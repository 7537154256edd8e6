//! What it means that a file or directory cannot be opened.

use std::{error::Error, fmt, io, path::PathBuf};

use rustix::io::Errno;

/// Why a file or directory cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenFailure {
    /// It does not exist.
    Gone,
    /// It is a link out of its directory, or not a regular file.
    NotALog,
    /// The gateway's user may not read it.
    Denied,
    /// It may exist or not: a root directory cannot be opened, or the gateway is short
    /// of descriptors or memory. The next attempt may succeed.
    Unknown,
    /// Anything else, such as a fault of the disk.
    Other,
}

impl OpenFailure {
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.get_ref() {
            Some(inner) if inner.is::<NotALog>() => return Self::NotALog,
            Some(inner) if inner.is::<RootUnavailable>() => return Self::Unknown,
            _ => {}
        }
        match Errno::from_io_error(error) {
            Some(Errno::NOENT | Errno::NOTDIR) => Self::Gone,
            Some(Errno::ACCESS | Errno::PERM) => Self::Denied,
            Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::STALE | Errno::NOTCONN) => {
                Self::Unknown
            }
            _ if error.kind() == io::ErrorKind::NotFound => Self::Gone,
            _ => Self::Other,
        }
    }
}

/// Whether the error says that the file or directory does not exist.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    OpenFailure::of(error) == OpenFailure::Gone
}

/// `None` for a file or directory that does not exist. Other errors stay errors.
pub(crate) fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `None` for what is certainly not readable: it does not exist, is not a log, or is denied. Other
/// errors, which say nothing for certain, stay errors.
pub(crate) fn if_readable<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) => match OpenFailure::of(&error) {
            OpenFailure::Gone | OpenFailure::NotALog | OpenFailure::Denied => Ok(None),
            OpenFailure::Unknown | OpenFailure::Other => Err(error),
        },
    }
}

/// The file is not one that the gateway reads.
#[derive(Debug)]
pub(crate) struct NotALog(&'static str);

impl NotALog {
    pub(crate) fn because(reason: &'static str) -> io::Error {
        io::Error::new(io::ErrorKind::PermissionDenied, Self(reason))
    }
}

impl fmt::Display for NotALog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for NotALog {}

/// A configured directory cannot be opened, or was replaced by an empty one of another file system:
/// nothing is known of what it should hold.
#[derive(Debug, thiserror::Error)]
#[error("the directory {} is unavailable: {cause}", path.display())]
pub(crate) struct RootUnavailable {
    path: PathBuf,
    cause: io::Error,
}

impl RootUnavailable {
    pub(crate) fn because(path: PathBuf, cause: io::Error) -> io::Error {
        io::Error::other(Self { path, cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_file_is_gone() {
        let os = |errno: Errno| io::Error::from(errno);
        for (error, expected) in [
            (os(Errno::NOENT), OpenFailure::Gone),
            (os(Errno::NOTDIR), OpenFailure::Gone),
            (io::ErrorKind::NotFound.into(), OpenFailure::Gone),
            (NotALog::because("a pipe"), OpenFailure::NotALog),
            (os(Errno::ACCESS), OpenFailure::Denied),
            (os(Errno::MFILE), OpenFailure::Unknown),
            (os(Errno::NFILE), OpenFailure::Unknown),
            (RootUnavailable::because("/logs".into(), os(Errno::NOENT)), OpenFailure::Unknown),
            (os(Errno::IO), OpenFailure::Other),
            (io::ErrorKind::InvalidData.into(), OpenFailure::Other),
        ] {
            assert_eq!(OpenFailure::of(&error), expected, "{error}");
        }
    }
}
