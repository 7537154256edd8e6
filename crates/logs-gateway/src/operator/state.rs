//! Where sessions are kept: a directory and files that are their owner's alone.
//!
//! Nothing is checked by its path and opened later: what is opened is looked at, and links are not
//! followed. What changes is written beside the old, made durable, and put in its place at once,
//! under a lock: whoever reads gets the old or the new, and whoever dies in between changes
//! nothing.

use std::{
    fs::{DirBuilder, File, TryLockError},
    io::{self, Read, Write},
    os::{fd::OwnedFd, unix::fs::DirBuilderExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, fsync, open, openat, renameat, unlinkat,
    },
    io::Errno,
    process::{Uid, geteuid},
};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

/// How long the lock is waited for: longer than whoever holds it asks the authority.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The most that is read of a file, in bytes. A bundle of certificates may be in it.
const MAX_BYTES: u64 = 1024 * 1024;

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: Mode = Mode::from_raw_mode(0o600);
const OTHERS: u32 = 0o077;

/// The directory, open.
#[derive(Debug)]
pub(super) struct StateDirectory {
    path: PathBuf,
    directory: OwnedFd,
}

/// Held by who changes a file. It is given back however the process ends.
#[derive(Debug)]
pub(super) struct Lock<'a> {
    directory: &'a StateDirectory,
    name: String,
    _locked: File,
}

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("{} is not used: {why}", .path.display())]
    Refused { path: PathBuf, why: Refusal },
    #[error("cannot use {}: {cause}", .path.display())]
    Failed { path: PathBuf, cause: io::Error },
    #[error("another logs-gateway has been using {} for too long; try again", .0.display())]
    Busy(PathBuf),
}

/// Why something in the file system is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it is a link, or no directory")]
    NoDirectory,
    #[error("it is a link, or no regular file")]
    NoFile,
    #[error("it belongs to another user")]
    NotOurs,
    #[error("others may use it (its mode is {0:03o}); if nobody has, take that away: chmod go=")]
    OpenToOthers(u32),
    #[error("it is too large to be ours")]
    TooLarge,
}

impl StateDirectory {
    /// Opens the directory below `home`; `None` when there is none.
    pub(super) fn open(home: &Path) -> Result<Option<Self>, StateError> {
        let path = home.join(env!("CARGO_PKG_NAME"));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = match open(&path, flags, Mode::empty()) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => {
                return Err(StateError::Refused { path, why: Refusal::NoDirectory });
            }
            Err(error) => return Err(failed(&path)(error.into())),
        };
        check(&directory, FileType::Directory, &path)?;
        Ok(Some(Self { path, directory }))
    }

    /// Opens the directory below `home`, creating what is not there.
    pub(super) fn create(home: &Path) -> Result<Self, StateError> {
        let path = home.join(env!("CARGO_PKG_NAME"));
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(DIRECTORY_MODE);
        match builder.create(&path) {
            // Something else is in its place, which opening it tells better.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(&path)(error));
            }
            _ => {}
        }
        let gone = || failed(&path)(io::ErrorKind::NotFound.into());
        Self::open(home)?.ok_or_else(gone)
    }

    /// The names that something is kept under.
    pub(super) fn names(&self) -> Result<Vec<String>, StateError> {
        let read = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in Dir::read_from(&self.directory)? {
                let entry = entry?;
                let name = entry.file_name().to_str().ok();
                names.extend(name.and_then(|name| name.strip_suffix(".json")).map(str::to_owned));
            }
            Ok(names)
        };
        read().map_err(failed(&self.path))
    }

    /// What is kept under this name.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        let name = kept(name);
        let path = self.path.join(&name);
        let Some(file) = self.open_file(&name, OFlags::RDONLY)? else { return Ok(None) };
        // Room for all of it, so that no copies stay behind.
        let mut content = Zeroizing::new(Vec::with_capacity(64 * 1024));
        let read = file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(failed(&path))?;
        if read as u64 > MAX_BYTES {
            return Err(StateError::Refused { path, why: Refusal::TooLarge });
        }
        Ok(Some(content))
    }

    /// Waits, for a while, to be the one who changes what is kept under this name.
    pub(super) async fn lock(&self, name: &str) -> Result<Lock<'_>, StateError> {
        let lock_name = format!("{name}.lock");
        let path = self.path.join(&lock_name);
        let file = self.open_file(&lock_name, OFlags::RDWR | OFlags::CREATE)?;
        let file = file.ok_or_else(|| failed(&path)(io::ErrorKind::NotFound.into()))?;
        match timeout(LOCK_PATIENCE, locked(&file)).await {
            Ok(Ok(())) => Ok(Lock { directory: self, name: name.to_owned(), _locked: file }),
            Ok(Err(error)) => Err(failed(&path)(error)),
            Err(_) => Err(StateError::Busy(path)),
        }
    }

    /// A regular file of ours; `None` when there is none.
    fn open_file(&self, name: &str, how: OFlags) -> Result<Option<File>, StateError> {
        // Non-blocking: opening a pipe would else wait for its other end.
        let safely = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let path = self.path.join(name);
        let file = match openat(&self.directory, name, how | safely, FILE_MODE) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => {
                return Err(StateError::Refused { path, why: Refusal::NoFile });
            }
            Err(error) => return Err(failed(&path)(error.into())),
        };
        check(&file, FileType::RegularFile, &path)?;
        Ok(Some(file.into()))
    }
}

impl Lock<'_> {
    /// Puts this in the place of what was kept. When it returns, it is on disk.
    pub(super) fn replace(&self, content: &[u8]) -> Result<(), StateError> {
        let name = kept(&self.name);
        let path = self.directory.path.join(&name);
        self.write(&name, content).map_err(failed(&path))
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let directory = &self.directory.directory;
        let beside = temporary(&self.name);
        // Whoever left it died, or it would hold the lock.
        match unlinkat(directory, &beside, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file = File::from(openat(directory, &beside, flags, FILE_MODE)?);
        file.write_all(content)?;
        file.sync_all()?;
        renameat(directory, &beside, directory, name)?;
        Ok(fsync(directory)?)
    }
}

async fn locked(file: &File) -> io::Result<()> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => sleep(LOOK_AGAIN).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn kept(name: &str) -> String {
    format!("{name}.json")
}

fn temporary(name: &str) -> String {
    format!("{name}.json.new")
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> StateError {
    let path = path.to_owned();
    |cause| StateError::Failed { path, cause }
}

fn check(opened: &OwnedFd, kind: FileType, path: &Path) -> Result<(), StateError> {
    let stat = fstat(opened).map_err(|error| failed(path)(error.into()))?;
    let refused = |why| StateError::Refused { path: path.to_owned(), why };
    judge(&stat, kind, geteuid()).map_err(refused)
}

/// Whether it is of this kind, ours, and nobody else's.
fn judge(stat: &Stat, kind: FileType, us: Uid) -> Result<(), Refusal> {
    let mode = stat.st_mode & 0o7777;
    if FileType::from_raw_mode(stat.st_mode) != kind {
        Err(if kind == FileType::Directory { Refusal::NoDirectory } else { Refusal::NoFile })
    } else if stat.st_uid != us.as_raw() {
        Err(Refusal::NotOurs)
    } else if mode & OTHERS != 0 {
        Err(Refusal::OpenToOthers(mode))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
