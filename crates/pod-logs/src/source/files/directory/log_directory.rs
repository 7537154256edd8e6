//! The log directory of a node: a directory for each incarnation of a pod.

use std::{
    collections::HashMap,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use rustix::fs::fstat;

use super::{
    beneath::{self, TrustedRoot},
    kept::kept_pods::KeptPods,
    last_write::sort_by_last_write,
    layout::PodDirectory,
    listings::Listings,
    open_failure::{RootUnavailable, if_readable, is_gone},
    pod_logs::PodLogs,
    shared_listings::SharedListings,
};
use crate::line::target::PodRef;

/// The log directory of a node, and where links in it may lead.
#[derive(Debug)]
pub(crate) struct LogDirectory {
    root: TrustedRoot,
    pods: Listings<PodIndex>,
    pub(super) listings: SharedListings,
    /// `None` where nothing is kept between requests.
    pub(super) kept: Option<Arc<KeptPods>>,
    /// The file system that pods were last seen on; 0 before any were.
    device: AtomicU64,
}

/// The incarnations of each pod.
pub(crate) type PodIndex = HashMap<PodRef, Vec<PodDirectory>>;

/// A directory of logs that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenRootError {
    /// A directory cannot be opened.
    #[error("cannot open {0}: {1}")]
    Root(PathBuf, io::Error),
    /// The kernel lacks a call that this crate depends on.
    #[error("this kernel cannot open files beneath a directory (openat2, Linux 5.6): {0}")]
    Kernel(io::Error),
}

impl LogDirectory {
    /// Checks that the directories are there.
    pub(crate) fn new(root: &Path, extra_roots: &[PathBuf]) -> Result<Self, OpenRootError> {
        beneath::is_supported().map_err(OpenRootError::Kernel)?;
        let open = |path: &Path| {
            TrustedRoot::new(path).map_err(|error| OpenRootError::Root(path.to_owned(), error))
        };
        let extra_roots = extra_roots.iter().map(|path| open(path)).collect::<Result<_, _>>()?;
        let root = open(root)?;
        Ok(Self {
            kept: Some(Arc::new(KeptPods::new(root.clone()))),
            root,
            pods: Listings::new(),
            device: AtomicU64::new(0),
            listings: SharedListings::new(extra_roots),
        })
    }

    /// Opens everything anew for each request.
    #[cfg(test)]
    pub(crate) fn keeping_nothing(self) -> Self {
        Self { kept: None, ..self }
    }

    /// # Errors
    /// [`RootUnavailable`]: nothing is known of the pods.
    pub(crate) fn open(&self) -> io::Result<OwnedFd> {
        self.root.open()
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    /// What incarnations of pods there are.
    ///
    /// # Errors
    /// [`RootUnavailable`]: it cannot be listed; or pods were seen on another file system, which is
    /// not mounted any more, and in its place is an empty directory.
    pub(crate) fn pods(&self, root: &OwnedFd) -> io::Result<Arc<PodIndex>> {
        let unavailable = |cause| RootUnavailable::because(self.path().to_owned(), cause);
        let pods = self.list(root).map_err(unavailable)?;
        let device = fstat(root)?.st_dev;
        if !pods.is_empty() {
            self.device.store(device, Ordering::Relaxed);
        } else if ![0, device].contains(&self.device.load(Ordering::Relaxed)) {
            return Err(unavailable(io::Error::other("its file system is not mounted")));
        }
        Ok(pods)
    }

    /// Whether pods can be looked up.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.pods(&self.open()?).map(drop)
    }

    fn list(&self, root: &OwnedFd) -> io::Result<Arc<PodIndex>> {
        self.pods.of(root, Instant::now(), |entries| {
            let mut pods = PodIndex::new();
            for directory in entries.iter().filter_map(|entry| PodDirectory::parse(&entry.name)) {
                pods.entry(directory.pod.clone()).or_default().push(directory);
            }
            pods
        })
    }

    /// `root` is the directory as [`open`](Self::open) gave it.
    pub(crate) fn open_pod_in(&self, root: &OwnedFd, pod: PodDirectory) -> io::Result<PodLogs<'_>> {
        PodLogs::open(root, pod, &self.listings)
    }

    pub(crate) fn open_pod(&self, pod: PodDirectory) -> io::Result<PodLogs<'_>> {
        let root = self.open()?;
        let opened = self.open_pod_in(&root, pod);
        if opened.as_ref().is_err_and(is_gone) {
            // Unless the whole file system is gone.
            self.pods(&root)?;
        }
        opened
    }

    /// Opens incarnations of one pod; the one written last is at the end. A directory may be
    /// removed meanwhile, or be one that nothing can be read of.
    ///
    /// # Errors
    /// When a directory or file cannot be read for a reason other than its absence.
    pub(crate) fn open_incarnations<'a>(
        &self,
        root: &OwnedFd,
        names: impl IntoIterator<Item = &'a PodDirectory>,
    ) -> io::Result<Vec<PodLogs<'_>>> {
        let mut opened = Vec::new();
        for name in names {
            opened.extend(if_readable(self.open_pod_in(root, name.clone()))?);
        }
        sort_by_last_write(&mut opened)?;
        Ok(opened)
    }

    /// Opens the incarnations of the chosen pods, a pod at a time, and looks at them; the one written
    /// last is at the end. Pods come in any order.
    ///
    /// # Errors
    /// When a directory or file cannot be read for a reason other than its absence, or a look fails.
    pub(crate) fn for_each_pod<'a>(
        &'a self,
        is_chosen: impl Fn(&PodRef) -> bool,
        mut look: impl FnMut(&PodRef, Vec<PodLogs<'a>>) -> io::Result<()>,
    ) -> io::Result<()> {
        let root = self.open()?;
        for (pod, directories) in self.pods(&root)?.iter().filter(|(pod, _)| is_chosen(pod)) {
            look(pod, self.open_incarnations(&root, directories)?)?;
        }
        Ok(())
    }

    pub(crate) fn path_of(&self, pod: &PodDirectory) -> PathBuf {
        self.root.path().join(pod.name())
    }
}
