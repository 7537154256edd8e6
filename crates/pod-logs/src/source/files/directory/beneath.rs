//! Opens files in directories that pods may write to.
//!
//! A pod that mounts the log directory can plant links, pipes and devices in it. So every path is
//! resolved by the kernel beneath a directory that is already open (`openat2`), never checked
//! first and opened later.

#[cfg(test)]
mod beneath_tests;

use std::{
    ffi::CString,
    fs::File,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, ResolveFlags, open, openat, openat2, readlinkat},
    io::Errno,
};

use super::open_failure::{NotALog, RootUnavailable};

/// A directory that is trusted, by its configured path.
///
/// It is opened anew, for a request or a [look](super::kept): a descriptor kept would go on showing a
/// directory that was replaced since.
#[derive(Debug, Clone)]
pub(crate) struct TrustedRoot(PathBuf);

impl TrustedRoot {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let root = Self(std::path::absolute(path)?);
        root.try_open()?;
        Ok(root)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// # Errors
    /// [`RootUnavailable`], whatever the cause: nothing is known of what is beneath it.
    pub(crate) fn open(&self) -> io::Result<OwnedFd> {
        self.try_open().map_err(|error| RootUnavailable::because(self.0.clone(), error))
    }

    fn try_open(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(open(&self.0, flags, Mode::empty())?)
    }
}

/// Opens a directory right in another one. A link is refused.
pub(crate) fn directory(parent: impl AsFd, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, single(name)?, flags, Mode::empty())?)
}

/// An entry of a directory, as the directory lists it.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryEntry {
    pub(crate) name: String,
    pub(crate) kind: FileType,
    pub(crate) inode: u64,
}

/// The entries of a directory whose names are UTF-8.
pub(crate) fn entries_of(directory: impl AsFd) -> io::Result<Vec<DirectoryEntry>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str() {
            let (name, kind, inode) = (name.to_owned(), entry.file_type(), entry.ino());
            entries.push(DirectoryEntry { name, kind, inode });
        }
    }
    Ok(entries)
}

/// Opens a log for reading: a regular file, reached within the pod's directory, or through one
/// link that leads beneath one of the extra roots.
pub(crate) fn log_file(
    pod: BorrowedFd<'_>,
    container: &str,
    name: &str,
    extra_roots: &[TrustedRoot],
) -> io::Result<File> {
    match open_beneath(pod, &Path::new(container).join(name), OFlags::NONBLOCK | OFlags::NOCTTY) {
        // It leads out of the pod's directory.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::XDEV) => {
            match LinkTarget::of(directory(pod, container)?, name, extra_roots)? {
                Some(target) => target.open(),
                None => Err(NotALog::because("a link out of the pod's directory")),
            }
        }
        opened => regular_file(opened),
    }
}

/// A file beneath an extra root, to which a link leads. Docker's logs are in a directory of its
/// own.
#[derive(Debug)]
pub(crate) struct LinkTarget<'a> {
    root: &'a TrustedRoot,
    /// From the root on.
    path: PathBuf,
}

impl<'a> LinkTarget<'a> {
    /// Where the link in this directory leads. `None` if it leads beneath none of the roots, or is
    /// no link.
    pub(crate) fn of(
        directory: impl AsFd,
        link: &str,
        extra_roots: &'a [TrustedRoot],
    ) -> io::Result<Option<Self>> {
        let target = match readlinkat(directory, single(link)?, Vec::new()) {
            Ok(target) => target,
            Err(Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Ok(target) = target.to_str() else {
            return Ok(None);
        };
        Ok(extra_roots.iter().find_map(|root| {
            let path = Path::new(target).strip_prefix(&root.0).ok()?.to_owned();
            Some(Self { root, path })
        }))
    }

    /// `None` if it is not UTF-8, or the path ends with `..`.
    pub(crate) fn file_name(&self) -> Option<&str> {
        self.path.file_name()?.to_str()
    }

    /// The path of its directory. For watching only: it is not resolved beneath the root.
    pub(crate) fn directory_path(&self) -> PathBuf {
        self.root.0.join(self.path.parent().unwrap_or(Path::new("")))
    }

    pub(crate) fn open_directory(&self) -> io::Result<OwnedFd> {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let root = self.root.open()?;
        refusing_ways_out(open_beneath(root, parent.unwrap_or(Path::new(".")), OFlags::DIRECTORY))
    }

    /// The file of this name in the same directory.
    pub(crate) fn sibling(&self, name: &str) -> io::Result<Self> {
        single(name)?;
        Ok(Self { root: self.root, path: self.path.with_file_name(name) })
    }

    /// Opens the file for reading, if it is a regular one.
    pub(crate) fn open(&self) -> io::Result<File> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        regular_file(open_beneath(self.root.open()?, &self.path, flags))
    }
}

/// The kernel resolves the path and refuses to leave the directory.
fn open_beneath(directory: impl AsFd, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | flags;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    Ok(openat2(directory, path, flags, Mode::empty(), resolve)?)
}

/// Of what was opened without waiting: opening a pipe would else wait for a writer.
fn regular_file(opened: io::Result<OwnedFd>) -> io::Result<File> {
    let file = File::from(refusing_ways_out(opened)?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(NotALog::because("not a regular file")) }
}

/// Makes [`NotALog`] of the kernel's words for it: a link out, a link to itself or out of `/proc`,
/// a socket, a device without a driver.
fn refusing_ways_out(opened: io::Result<OwnedFd>) -> io::Result<OwnedFd> {
    opened.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::XDEV | Errno::LOOP) => NotALog::because("a link that leads out"),
        Some(Errno::NXIO | Errno::NODEV) => NotALog::because("not a regular file"),
        _ => error,
    })
}

/// A name that is one step of a path. The names that come here were parsed or read from a
/// directory; this is the second lock on the door.
fn single(name: &str) -> io::Result<CString> {
    if name.contains('/') || name == ".." {
        return Err(NotALog::because("not a single name"));
    }
    Ok(CString::new(name)?)
}

/// Whether the kernel can resolve beneath a directory (Linux 5.6, and no filter in the way).
pub(crate) fn is_supported() -> io::Result<()> {
    let (flags, resolve) = (OFlags::PATH | OFlags::CLOEXEC, ResolveFlags::BENEATH);
    openat2(CWD, ".", flags, Mode::empty(), resolve)?;
    Ok(())
}
