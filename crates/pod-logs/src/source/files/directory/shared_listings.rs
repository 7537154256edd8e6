//! What is remembered of all pods' directories together.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    beneath::{DirectoryEntry, TrustedRoot},
    known_tails::KnownTails,
    layout::PodDirectory,
    listed::ListedFile,
    listings::Listings,
    write_order::KnownHeads,
};
use crate::line::target::ContainerName;

/// What the directories of all pods have in common.
#[derive(Debug)]
pub(crate) struct SharedListings {
    /// Where a link may lead besides its pod's own directory.
    pub(super) extra_roots: Vec<TrustedRoot>,
    /// What the directories of pods list, sorted.
    pub(super) containers: Listings<Vec<ContainerName>>,
    /// What the directories of containers list, sorted by run and name.
    pub(super) files: Listings<Vec<ListedFile>>,
    pub(super) heads: KnownHeads,
    pub(super) tails: KnownTails,
    /// What the directories list to which links lead.
    pub(super) targets: Listings<Vec<DirectoryEntry>>,
    /// An operator was told of a file that is not a log.
    has_warned: AtomicBool,
}

impl SharedListings {
    pub(crate) fn new(extra_roots: Vec<TrustedRoot>) -> Self {
        let (containers, files, targets) = (Listings::new(), Listings::new(), Listings::new());
        let (heads, tails) = (KnownHeads::default(), KnownTails::default());
        let has_warned = AtomicBool::new(false);
        Self { extra_roots, containers, files, heads, tails, targets, has_warned }
    }

    /// Warns of the first file that is not a log: on a node with Docker there are as many as
    /// containers, and each is read again and again.
    pub(super) fn warn_about(
        &self,
        pod: &PodDirectory,
        container: &ContainerName,
        file: &str,
        error: &io::Error,
    ) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            let path = format!("{}/{container}/{file}", pod.name());
            tracing::warn!(
                path,
                %error,
                "not a log file; links out of the log directory are followed only beneath \
                 GATEWAY_LOGS_ROOTS (further files of this kind are not reported)"
            );
        }
    }
}
