//! Opens files in directories that pods may write to.
//!
//! A pod that mounts the log directory can plant links, pipes and devices in it. So every path is
//! resolved by the kernel beneath a directory that is already open (`openat2`), never checked
//! first and opened later.

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
/// It is opened anew for every request: a descriptor kept would go on showing a directory that
/// was replaced since.
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

#[cfg(test)]
mod tests {
    use std::{fs, io::Read, os::unix::fs::symlink};

    use super::*;

    /// A pod's directory with a container, beside things that are not the pod's.
    struct PodBesideOthers {
        root: tempfile::TempDir,
    }

    impl PodBesideOthers {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            for directory in ["pod/app", "other/app", "docker/id"] {
                fs::create_dir_all(root.path().join(directory)).unwrap();
            }
            fs::write(root.path().join("other/app/0.log"), "another's").unwrap();
            fs::write(root.path().join("docker/id/id-json.log"), "docker's").unwrap();
            fs::write(root.path().join("pod/app/1.log"), "own").unwrap();
            Self { root }
        }

        fn path(&self, path: &str) -> PathBuf {
            self.root.path().join(path)
        }

        /// Reads `pod/app/0.log` with `docker` as the extra root.
        fn read(&self) -> io::Result<String> {
            let pod = File::open(self.path("pod"))?;
            let roots = [TrustedRoot::new(&self.path("docker"))?];
            let mut content = String::new();
            log_file(pod.as_fd(), "app", "0.log", &roots)?.read_to_string(&mut content)?;
            Ok(content)
        }

        #[track_caller]
        fn check_link(&self, target: impl AsRef<Path>, expected: Option<&str>) {
            let link = self.path("pod/app/0.log");
            symlink(target.as_ref(), &link).unwrap();
            assert_eq!(self.read().ok().as_deref(), expected, "{}", target.as_ref().display());
            fs::remove_file(link).unwrap();
        }
    }

    #[test]
    fn a_link_leads_within_the_pod_or_beneath_an_extra_root() {
        let playground = PodBesideOthers::new();
        playground.check_link("1.log", Some("own"));
        playground.check_link("../app/1.log", Some("own"));
        playground.check_link(playground.path("docker/id/id-json.log"), Some("docker's"));
    }

    #[test]
    fn a_link_to_any_other_place_is_refused() {
        let playground = PodBesideOthers::new();
        playground.check_link("../../other/app/0.log", None);
        playground.check_link(playground.path("other/app/0.log"), None);
        playground.check_link("/etc/passwd", None);
        playground.check_link("/proc/self/environ", None);
        playground.check_link(playground.path("docker/../other/app/0.log"), None);
        playground.check_link(playground.path("docker-not/x"), None);
        playground.check_link("missing", None);
        playground.check_link("0.log", None);
        symlink(playground.path("other/app/0.log"), playground.path("docker/out")).unwrap();
        playground.check_link(playground.path("docker/out"), None);
    }

    #[test]
    fn a_container_that_is_a_link_out_is_refused() {
        let playground = PodBesideOthers::new();
        fs::remove_dir_all(playground.path("pod/app")).unwrap();
        symlink("../other/app", playground.path("pod/app")).unwrap();
        playground.read().unwrap_err();
    }

    #[test]
    fn a_non_regular_file_is_refused_without_waiting() {
        let playground = PodBesideOthers::new();
        let path = playground.path("pod/app/0.log");
        rustix::fs::mkfifoat(CWD, &path, Mode::from_raw_mode(0o644)).unwrap();
        assert_eq!(playground.read().unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        playground.read().unwrap_err();
    }

    #[test]
    fn a_name_is_one_step() {
        let playground = PodBesideOthers::new();
        let root = playground.root.path();
        let root = File::open(root).unwrap();
        for name in ["..", "pod/app", "/", "a\0b"] {
            assert!(directory(&root, name).is_err(), "{name:?}");
        }
    }
}
