//! The operations on the state, on any system.

use std::{
    fs::{File, TryLockError},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::{
    PrivateDirectory,
    error::{StateError, UnsafeReason},
};

/// How long to wait for the lock: longer than its holder waits for the authority.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const LOCK_RETRY: Duration = Duration::from_millis(20);
/// The largest file that is read, in bytes. It may contain a bundle of certificates.
const MAX_BYTES: u64 = 1024 * 1024;

/// The state directory, open.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    path: PathBuf,
    directory: PrivateDirectory,
}

/// Held while one file is changed; released however the process ends.
#[derive(Debug)]
pub(crate) struct StateLock<'a> {
    directory: &'a StateDirectory,
    name: String,
    _locked: File,
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    /// Created if it is missing.
    Lock,
}

impl StateDirectory {
    /// Opens the directory below `home`; `None` when there is none.
    pub(crate) fn open(home: &Path) -> Result<Option<Self>, StateError> {
        let path = path_below(home);
        let directory = PrivateDirectory::open(&path)?;
        Ok(directory.map(|directory| Self { path, directory }))
    }

    /// Opens the directory below `home`, creating what is missing.
    pub(crate) fn create(home: &Path) -> Result<Self, StateError> {
        let path = path_below(home);
        match PrivateDirectory::create_all(&path) {
            // Another file is in its place; opening it gives the error.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(StateError::io(&path)(error));
            }
            _ => {}
        }
        let missing = || StateError::io(&path)(io::ErrorKind::NotFound.into());
        Self::open(home)?.ok_or_else(missing)
    }

    /// The names under which content is saved.
    pub(crate) fn names(&self) -> Result<Vec<String>, StateError> {
        let entries = self.directory.entries().map_err(StateError::io(&self.path))?;
        let name = |entry: String| entry.strip_suffix(".json").map(str::to_owned);
        Ok(entries.into_iter().filter_map(name).collect())
    }

    /// The content saved under this name.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        let name = content_file(name);
        let path = self.path.join(&name);
        let Some(file) = self.directory.open_file(&name, Access::Read)? else { return Ok(None) };
        // Capacity for all of it, so that a vector that grows leaves no copies behind.
        let mut content = Zeroizing::new(Vec::with_capacity(64 * 1024));
        let read =
            file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(StateError::io(&path))?;
        if read as u64 > MAX_BYTES {
            return Err(StateError::Unsafe { path, reason: UnsafeReason::TooLarge });
        }
        Ok(Some(content))
    }

    /// Waits, for a limited time, for the right to change what is saved under this name.
    pub(crate) async fn lock(&self, name: &str) -> Result<StateLock<'_>, StateError> {
        let lock_name = format!("{name}.lock");
        let path = self.path.join(&lock_name);
        let file = self.directory.open_file(&lock_name, Access::Lock)?;
        let file = file.ok_or_else(|| StateError::io(&path)(io::ErrorKind::NotFound.into()))?;
        match timeout(LOCK_TIMEOUT, lock(&file)).await {
            Ok(Ok(())) => Ok(StateLock { directory: self, name: name.to_owned(), _locked: file }),
            Ok(Err(error)) => Err(StateError::io(&path)(error)),
            Err(_) => Err(StateError::Locked(path)),
        }
    }
}

impl StateLock<'_> {
    /// Replaces the content. It is on disk when this returns.
    pub(crate) fn replace(&self, content: &[u8]) -> Result<(), StateError> {
        let name = content_file(&self.name);
        let temporary = format!("{name}.new");
        let StateDirectory { path, directory } = self.directory;
        directory.replace(&name, &temporary, content).map_err(StateError::io(&path.join(&name)))
    }

    /// Removes the content, if there is any. The lock file stays: others may wait for it.
    pub(crate) fn remove(&self) -> Result<(), StateError> {
        let name = content_file(&self.name);
        let StateDirectory { path, directory } = self.directory;
        directory.remove(&name).map_err(StateError::io(&path.join(&name)))
    }
}

async fn lock(file: &File) -> io::Result<()> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => sleep(LOCK_RETRY).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn path_below(home: &Path) -> PathBuf {
    home.join(env!("CARGO_PKG_NAME"))
}

fn content_file(name: &str) -> String {
    format!("{name}.json")
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
