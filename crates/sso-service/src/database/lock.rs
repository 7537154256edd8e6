//! One service at a time: sessions are kept in its memory, and two would not know each other's.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::location::Location;

/// The most that is read of who holds the lock, in bytes.
const LONGEST_HOLDER: u64 = 200;

/// Held as long as the service runs, by a lock on a file beside the database. The kernel gives it
/// back however the process ends; the file stays.
#[derive(Debug)]
pub(crate) struct Lock(Option<File>);

impl Lock {
    /// Takes the lock. A database in memory needs none.
    ///
    /// # Errors
    /// When another process holds it, or the file cannot be opened.
    pub(crate) fn take(location: &Location) -> Result<Self, LockError> {
        let Location::File(database) = location else {
            return Ok(Self(None));
        };
        let mut path = database.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let mut file =
            open(&path).map_err(|cause| LockError::Open { path: path.clone(), cause })?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Some(file))),
            Err(TryLockError::WouldBlock) => {
                Err(LockError::Held { path, holder: holder(&mut file) })
            }
            Err(TryLockError::Error(cause)) => Err(LockError::Open { path, cause }),
        }
    }

    /// Writes down who holds it, for whoever is refused.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn sign(&self, listening: SocketAddr) -> io::Result<()> {
        let Some(mut file) = self.0.as_ref() else {
            return Ok(());
        };
        file.set_len(0)?;
        writeln!(file, "process {} listening on {listening}", std::process::id())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Who holds the lock, as it says itself. Nothing is said between locking and signing.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(LONGEST_HOLDER).read_to_string(&mut text));
    match text.lines().next() {
        Some(line) if read.is_ok() => line.to_owned(),
        _ => "a process that is just starting".to_owned(),
    }
}

/// The service may not run on this database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another one does.
    #[error("another instance runs on this database: {holder} holds {}", .path.display())]
    Held {
        /// The file that is locked.
        path: PathBuf,
        /// Who locked it.
        holder: String,
    },
    /// It cannot be told.
    #[error("cannot lock {}: {cause}", .path.display())]
    Open {
        /// The file that should be locked.
        path: PathBuf,
        /// Why it is not.
        cause: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn who_comes_second_learns_who_was_first() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let first = Lock::take(&location).unwrap();
        let refused = || Lock::take(&location).unwrap_err().to_string();
        assert!(refused().contains("just starting"), "{}", refused());
        first.sign(([127, 0, 0, 1], 8001).into()).unwrap();
        let expected = format!("process {} listening on 127.0.0.1:8001", std::process::id());
        assert!(refused().contains(&expected), "{}", refused());
        assert_eq!(refused().lines().count(), 1);
        let file = directory.path().join("sso.db.lock");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        drop(first);
        Lock::take(&location).unwrap();
    }

    #[test]
    fn a_database_in_memory_is_nobody_elses() {
        let one = Lock::take(&Location::Memory).unwrap();
        Lock::take(&Location::Memory).unwrap();
        one.sign(([127, 0, 0, 1], 8001).into()).unwrap();
    }
}
