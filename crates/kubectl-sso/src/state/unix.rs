//! The state directory on Unix: it and its files belong to the user, and are closed to others.
//!
//! Entries are opened first, without following links, and then checked by their descriptors; a
//! check by path could be outdated at the time of opening.

use std::{
    fs::{DirBuilder, File},
    io::{self, Write},
    os::{fd::OwnedFd, unix::fs::DirBuilderExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, RawMode, Stat, fstat, fsync, open, openat, renameat,
        unlinkat,
    },
    io::Errno,
    process::{Uid, geteuid},
};

use super::{
    directory::Access,
    error::{StateError, UnsafeReason},
};

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: Mode = Mode::from_raw_mode(0o600);
const OTHERS: RawMode = 0o077;

/// A directory of mode 0700 that belongs to the user.
#[derive(Debug)]
pub(super) struct PrivateDirectory {
    path: PathBuf,
    directory: OwnedFd,
}

impl PrivateDirectory {
    /// `None` when there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, StateError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let path = path.to_owned();
        let directory = match open(&path, flags, Mode::empty()) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => {
                return Err(StateError::Unsafe { path, reason: UnsafeReason::NotADirectory });
            }
            Err(error) => return Err(StateError::io(&path)(error.into())),
        };
        check(&directory, FileType::Directory, &path)?;
        Ok(Some(Self { path, directory }))
    }

    /// Creates the directory and its parents, each for the user only.
    pub(super) fn create_all(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)
    }

    /// The names of the files.
    pub(super) fn entries(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.directory)? {
            names.extend(entry?.file_name().to_str().ok().map(str::to_owned));
        }
        Ok(names)
    }

    /// A regular file of mode 0600 that belongs to the user; `None` when there is none.
    pub(super) fn open_file(&self, name: &str, access: Access) -> Result<Option<File>, StateError> {
        let flags = match access {
            Access::Read => OFlags::RDONLY,
            Access::Lock => OFlags::RDWR | OFlags::CREATE,
        };
        // Non-blocking: opening a pipe would otherwise wait for its other end.
        let safely = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let path = self.path.join(name);
        let file = match openat(&self.directory, name, flags | safely, FILE_MODE) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => {
                return Err(StateError::Unsafe { path, reason: UnsafeReason::NotAFile });
            }
            Err(error) => return Err(StateError::io(&path)(error.into())),
        };
        check(&file, FileType::RegularFile, &path)?;
        Ok(Some(file.into()))
    }

    /// Writes the content to the file `temporary` and renames that to `name`.
    pub(super) fn replace(&self, name: &str, temporary: &str, content: &[u8]) -> io::Result<()> {
        // A process that left one has died: it would still hold the lock.
        self.remove(temporary)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.directory, temporary, flags, FILE_MODE)?);
        file.write_all(content)?;
        file.sync_all()?;
        renameat(&self.directory, temporary, &self.directory, name)?;
        Ok(fsync(&self.directory)?)
    }

    /// Removes a file, if there is one.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.directory, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn check(opened: &OwnedFd, kind: FileType, path: &Path) -> Result<(), StateError> {
    let stat = fstat(opened).map_err(|error| StateError::io(path)(error.into()))?;
    check_stat(&stat, kind, geteuid())
        .map_err(|reason| StateError::Unsafe { path: path.to_owned(), reason })
}

/// Checks that the entry is of this kind, belongs to `user`, and is closed to others.
fn check_stat(stat: &Stat, kind: FileType, user: Uid) -> Result<(), UnsafeReason> {
    let mode = stat.st_mode & 0o7777;
    if FileType::from_raw_mode(stat.st_mode) != kind {
        Err(match kind {
            FileType::Directory => UnsafeReason::NotADirectory,
            _ => UnsafeReason::NotAFile,
        })
    } else if stat.st_uid != user.as_raw() {
        Err(UnsafeReason::ForeignOwner)
    } else if mode & OTHERS != 0 {
        Err(UnsafeReason::OpenToOthers(mode))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::stat;

    use super::*;

    #[test]
    fn only_private_entries_of_the_user_are_used() {
        use UnsafeReason::{ForeignOwner, NotADirectory, NotAFile, OpenToOthers};
        let (file, directory) = (0o100_000, 0o040_000);
        let mut stat = stat(".").unwrap();
        for (kind, mode, owner, expected) in [
            (FileType::RegularFile, file | 0o600, 7, Ok(())),
            (FileType::RegularFile, file | 0o400, 7, Ok(())),
            (FileType::RegularFile, file | 0o640, 7, Err(OpenToOthers(0o640))),
            (FileType::RegularFile, file | 0o604, 7, Err(OpenToOthers(0o604))),
            (FileType::RegularFile, file | 0o620, 7, Err(OpenToOthers(0o620))),
            (FileType::RegularFile, file | 0o601, 7, Err(OpenToOthers(0o601))),
            (FileType::RegularFile, file | 0o600, 8, Err(ForeignOwner)),
            (FileType::RegularFile, file | 0o600, 0, Err(ForeignOwner)),
            (FileType::RegularFile, directory | 0o700, 7, Err(NotAFile)),
            (FileType::Directory, directory | 0o700, 7, Ok(())),
            (FileType::Directory, directory | 0o750, 7, Err(OpenToOthers(0o750))),
            (FileType::Directory, directory | 0o1777, 7, Err(OpenToOthers(0o1777))),
            (FileType::Directory, directory | 0o700, 8, Err(ForeignOwner)),
            (FileType::Directory, file | 0o700, 7, Err(NotADirectory)),
        ] {
            (stat.st_mode, stat.st_uid) = (mode, owner);
            assert_eq!(check_stat(&stat, kind, Uid::from_raw(7)), expected, "{mode:o} {owner}");
        }
    }
}
