//! Opening files that a stranger may have had a hand in.
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

/// A directory that is trusted, by its configured path.
///
/// It is opened anew for every request: a descriptor kept would go on showing a directory that
/// was replaced since.
#[derive(Debug, Clone)]
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let root = Self(std::path::absolute(path)?);
        root.open()?;
        Ok(root)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(open(&self.0, flags, Mode::empty())?)
    }
}

/// Opens a directory right in another one. A link is refused.
pub(super) fn directory(parent: impl AsFd, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, single(name)?, flags, Mode::empty())?)
}

/// Names of what is in a directory, those that are UTF-8, with what the directory says they are.
pub(super) fn names_in(directory: impl AsFd) -> io::Result<Vec<(String, FileType)>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str() {
            names.push((name.to_owned(), entry.file_type()));
        }
    }
    Ok(names)
}

/// Opens a log for reading: a regular file, reached within the pod's directory, or through one
/// link that leads beneath one of the extra roots.
pub(super) fn log_file(
    pod: BorrowedFd<'_>,
    container: &str,
    name: &str,
    extra_roots: &[Root],
) -> io::Result<File> {
    let path = format!("{container}/{name}");
    match regular_file_beneath(pod, &path) {
        Err(error) if error.raw_os_error() == Some(Errno::XDEV.raw_os_error()) => {
            linked_file(pod, container, name, extra_roots)
        }
        opened => opened,
    }
}

/// Follows a link out of the pod's directory, if it leads beneath an extra root. Docker's do: its
/// logs are in a directory of its own.
fn linked_file(
    pod: BorrowedFd<'_>,
    container: &str,
    name: &str,
    extra_roots: &[Root],
) -> io::Result<File> {
    let container = directory(pod, container)?;
    let target = readlinkat(container, single(name)?, Vec::new())?;
    let target = target.to_str().map_err(|_| refused("the link's target is not UTF-8"))?;
    for root in extra_roots {
        if let Ok(path) = Path::new(target).strip_prefix(&root.0) {
            return regular_file_beneath(root.open()?, &path.to_string_lossy());
        }
    }
    Err(refused("the link leads out of the pod's directory"))
}

/// The kernel resolves the path and refuses to leave the directory.
fn regular_file_beneath(directory: impl AsFd, path: &str) -> io::Result<File> {
    // Non-blocking: opening a pipe would else wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let file = File::from(openat2(directory, path, flags, Mode::empty(), resolve)?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused("not a regular file")) }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// A name that is one step of a path. The names that come here were parsed or read from a
/// directory; this is the second lock on the door.
fn single(name: &str) -> io::Result<CString> {
    if name.contains('/') || name == ".." {
        return Err(refused("not a single name"));
    }
    Ok(CString::new(name)?)
}

/// Whether the kernel can resolve beneath a directory (Linux 5.6, and no filter in the way).
pub(super) fn is_supported() -> io::Result<()> {
    let (flags, resolve) = (OFlags::PATH | OFlags::CLOEXEC, ResolveFlags::BENEATH);
    openat2(CWD, ".", flags, Mode::empty(), resolve)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read, os::unix::fs::symlink};

    use super::*;

    /// A pod's directory with a container, beside things that are not the pod's.
    struct Playground {
        root: tempfile::TempDir,
    }

    impl Playground {
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
            let roots = [Root::new(&self.path("docker"))?];
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
        let playground = Playground::new();
        playground.check_link("1.log", Some("own"));
        playground.check_link("../app/1.log", Some("own"));
        playground.check_link(playground.path("docker/id/id-json.log"), Some("docker's"));
    }

    #[test]
    fn a_link_leads_nowhere_else() {
        let playground = Playground::new();
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
        let playground = Playground::new();
        fs::remove_dir_all(playground.path("pod/app")).unwrap();
        symlink("../other/app", playground.path("pod/app")).unwrap();
        playground.read().unwrap_err();
    }

    #[test]
    fn what_is_no_regular_file_is_refused_without_waiting() {
        let playground = Playground::new();
        let path = playground.path("pod/app/0.log");
        rustix::fs::mkfifoat(CWD, &path, Mode::from_raw_mode(0o644)).unwrap();
        assert_eq!(playground.read().unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        playground.read().unwrap_err();
    }

    #[test]
    fn a_name_is_one_step() {
        let playground = Playground::new();
        let root = playground.root.path();
        let root = File::open(root).unwrap();
        for name in ["..", "pod/app", "/", "a\0b"] {
            assert!(directory(&root, name).is_err(), "{name:?}");
        }
    }
}
