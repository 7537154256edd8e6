//! One serving instance per database: each keeps sessions in memory, and two would not know each
//! other's.
//!
//! The lock is a `flock` on the database file itself, so it belongs to the inode: an instance that
//! reaches the same file through a symbolic link, a hard link or a bind mount is refused. Such an
//! instance would also have a `-wal` file of its own beside its own path, and SQLite corrupts a
//! database that is written through two of them.
//!
//! It is no POSIX record lock, although SQLite uses those: the kernel drops all record locks of a
//! process on a file as soon as the process closes any descriptor of that file, SQLite's among
//! them. A `flock` belongs to the open file description, and the two kinds do not see each other.
//! For the same reason the descriptor stays open until SQLite has closed its own.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{XattrFlags, fgetxattr, fsetxattr},
    system::uname,
};

use super::files::wal_of;
use crate::store::location::{CreateFileError, Location};

/// The extended attribute of the database file that names the instance. It is on the inode, like
/// the lock.
const HOLDER: &str = "user.sso-service.holder";
/// The most that is read of it, in bytes.
const LONGEST_HOLDER: usize = 400;
/// A command looks at the lock for a moment, which must not keep an instance from starting.
const PATIENCE: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(5);

/// Held by a serving instance until it is dropped. The kernel releases it however the process
/// ends.
#[derive(Debug)]
pub(crate) struct InstanceLock(Option<File>);

impl InstanceLock {
    /// Takes the lock, and creates the database file if there is none. A database in memory needs
    /// no lock.
    ///
    /// # Errors
    /// When another process holds the lock, or the file cannot be created or opened.
    pub(crate) fn take(location: &Location) -> Result<Self, LockError> {
        let Location::File(path) = location else {
            return Ok(Self(None));
        };
        location.create_missing()?;
        let file = open(path)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held { path: path.clone(), holder: holder(&file) });
                }
                Err(TryLockError::Error(cause)) => return Err(LockError::open(path, cause)),
            }
        }
        sign(&file, "starting");
        Ok(Self(Some(file)))
    }

    /// Writes down where the holder listens, for the error of an instance that is refused.
    pub(crate) fn sign(&self, listening: SocketAddr) {
        if let Some(file) = &self.0 {
            sign(file, &format!("listening on {listening}"));
        }
    }
}

/// Checks that a command may open the database at this path: if an instance is running on the
/// file, it has to be by the same path, or the two would have different `-wal` files.
///
/// # Errors
/// [`LockError::OtherPath`], or the file cannot be opened.
pub(in crate::store::database) fn check_path(path: &Path) -> Result<(), LockError> {
    let file = open(path)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(()),
        // The instance has had its `-wal` file since it started.
        Err(TryLockError::WouldBlock) => match wal_of(path).try_exists() {
            Ok(true) => Ok(()),
            _ => Err(LockError::OtherPath { path: path.to_owned(), holder: holder(&file) }),
        },
        Err(TryLockError::Error(cause)) => Err(LockError::open(path, cause)),
    }
}

fn open(path: &Path) -> Result<File, LockError> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    file.map_err(|cause| LockError::open(path, cause))
}

/// The holder is named for people only: a file system without extended attributes, such as a tmpfs
/// before Linux 6.6, holds the lock as well.
fn sign(file: &File, state: &str) {
    let host = uname();
    let host = host.nodename().to_string_lossy();
    let signature = format!("process {} on host {host}, {state}", process::id());
    if let Err(error) = fsetxattr(file, HOLDER, signature.as_bytes(), XattrFlags::empty()) {
        tracing::debug!(%error, "cannot write the holder of the database to its attributes");
    }
}

fn holder(file: &File) -> String {
    let mut value = vec![0; LONGEST_HOLDER];
    let length = fgetxattr(file, HOLDER, &mut value[..]).unwrap_or(0);
    match str::from_utf8(&value[..length]) {
        Ok(text) if !text.is_empty() && !text.contains(char::is_control) => text.to_owned(),
        _ => "another process".to_owned(),
    }
}

/// The service or the command may not use this database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another instance serves it.
    #[error("another instance runs on the database {}: {holder}", .path.display())]
    Held {
        /// The database file.
        path: PathBuf,
        /// Its process, host and address.
        holder: String,
    },
    /// An instance serves it by another path.
    #[error(
        "{} is in use under another path, by {holder}; use that path: SQLite corrupts a database that is written by two paths",
        .path.display()
    )]
    OtherPath {
        /// The database file.
        path: PathBuf,
        /// Its process, host and address.
        holder: String,
    },
    /// The file cannot be opened or locked.
    #[error("cannot open {}: {cause}", .path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// Why it cannot.
        cause: io::Error,
    },
    /// There is no file and none can be created.
    #[error(transparent)]
    Create(#[from] CreateFileError),
}

impl LockError {
    fn open(path: &Path, cause: io::Error) -> Self {
        Self::Open { path: path.to_owned(), cause }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn at(path: &Path) -> Location {
        Location::File(path.to_owned())
    }

    #[test]
    fn a_second_instance_names_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let location = at(&directory.path().join("sso.db"));
        let first = InstanceLock::take(&location).unwrap();
        let refused = || InstanceLock::take(&location).unwrap_err().to_string();
        let process = format!("process {} on host ", process::id());
        assert!(refused().contains(&process) && refused().contains("starting"), "{}", refused());
        first.sign(([127, 0, 0, 1], 8001).into());
        assert!(refused().contains("listening on 127.0.0.1:8001"), "{}", refused());
        assert_eq!(refused().lines().count(), 1);
        drop(first);
        InstanceLock::take(&location).unwrap();
    }

    #[test]
    fn the_same_file_by_another_path_is_the_same_database() {
        let directory = tempfile::tempdir().unwrap();
        let [path, soft, hard] =
            ["sso.db", "soft.db", "hard.db"].map(|name| directory.path().join(name));
        let first = InstanceLock::take(&at(&path)).unwrap();
        symlink(&path, &soft).unwrap();
        fs::hard_link(&path, &hard).unwrap();
        for other in [soft, hard] {
            let refused = InstanceLock::take(&at(&other));
            assert!(matches!(refused, Err(LockError::Held { .. })), "{refused:?}");
        }
        drop(first);
    }

    #[test]
    fn a_command_uses_the_path_of_the_running_instance() {
        let directory = tempfile::tempdir().unwrap();
        let [path, wal, soft, hard] =
            ["sso.db", "sso.db-wal", "soft.db", "hard.db"].map(|name| directory.path().join(name));
        let lock = InstanceLock::take(&at(&path)).unwrap();
        fs::write(wal, "").unwrap();
        symlink(&path, &soft).unwrap();
        fs::hard_link(&path, &hard).unwrap();
        check_path(&path).unwrap();
        check_path(&soft).unwrap();
        let refused = check_path(&hard).unwrap_err();
        assert!(matches!(refused, LockError::OtherPath { .. }), "{refused}");
        drop(lock);
        check_path(&hard).unwrap();
    }

    #[test]
    fn a_database_in_memory_is_not_locked() {
        let one = InstanceLock::take(&Location::Memory).unwrap();
        InstanceLock::take(&Location::Memory).unwrap();
        one.sign(([127, 0, 0, 1], 8001).into());
    }
}
