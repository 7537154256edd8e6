//! File systems on which every change of a directory is an event.

use std::{io, os::fd::AsFd};

use rustix::fs::{FsWord, fstatfs};

/// `statfs(2)` names them: ext2 to ext4, XFS, Btrfs and tmpfs. Others may be changed from another
/// machine (NFS), or through layers that are not watched (overlayfs).
const TRUSTED: [FsWord; 4] = [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994];

/// Whether the directory is on such a file system.
///
/// # Errors
/// When the system does not say.
pub(super) fn is_local(directory: impl AsFd) -> io::Result<bool> {
    Ok(TRUSTED.contains(&fstatfs(directory)?.f_type))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_file_system_without_events_is_not_trusted() {
        assert!(!is_local(File::open("/proc").unwrap()).unwrap());
        assert!(!is_local(File::open("/sys").unwrap()).unwrap());
    }
}
