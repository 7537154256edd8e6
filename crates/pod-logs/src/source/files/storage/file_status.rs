//! What the file system tells of a file.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use rustix::fs::Stat;

/// One look at a file: which one it is, and how much there is of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStatus {
    /// Device and inode.
    pub(super) id: (u64, u64),
    pub(super) modified: Option<DateTime<Utc>>,
    /// In bytes, as it is stored.
    pub(super) length: u64,
}

/// Differs as soon as a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileVersion {
    /// Device and inode.
    pub(super) id: (u64, u64),
    pub(super) modified: Option<DateTime<Utc>>,
    pub(super) stored_bytes: u64,
}

impl FileStatus {
    /// Which version of the file was looked at.
    pub(crate) fn version(&self) -> FileVersion {
        FileVersion { id: self.id, modified: self.modified, stored_bytes: self.length }
    }
}

impl From<&Metadata> for FileStatus {
    fn from(metadata: &Metadata) -> Self {
        Self {
            id: (metadata.dev(), metadata.ino()),
            modified: metadata.modified().ok().map(DateTime::from),
            length: metadata.len(),
        }
    }
}

impl From<&Stat> for FileStatus {
    fn from(stat: &Stat) -> Self {
        Self {
            id: (stat.st_dev, stat.st_ino),
            modified: instant(stat.st_mtime, stat.st_mtime_nsec),
            length: u64::try_from(stat.st_size).unwrap_or_default(),
        }
    }
}

/// The same as the standard library makes of it, so that versions are the same whichever call told
/// of them.
fn instant(seconds: i64, nanoseconds: u64) -> Option<DateTime<Utc>> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(whole),
        _ => SystemTime::UNIX_EPOCH.checked_sub(whole),
    };
    second?.checked_add(Duration::from_nanos(nanoseconds)).map(DateTime::from)
}

#[cfg(test)]
mod tests {
    use rustix::fs::fstat;

    use super::*;

    #[test]
    fn both_calls_tell_the_same() {
        let file = tempfile::tempfile().unwrap();
        let epoch = SystemTime::UNIX_EPOCH;
        let ago = epoch - Duration::from_millis(1_500);
        for modified in [epoch, ago, epoch + Duration::new(1_790_000_000, 123_456_789)] {
            file.set_modified(modified).unwrap();
            let status = FileStatus::from(&fstat(&file).unwrap());
            assert_eq!(status, FileStatus::from(&file.metadata().unwrap()));
            assert_eq!(status.modified, Some(modified.into()));
        }
    }
}
