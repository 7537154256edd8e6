//! Logs of pods that are asked about again and again.

use std::{io, os::fd::OwnedFd, sync::Arc, time::Instant};

use super::{
    kept::kept_pod::{KeptPod, WantedRuns},
    layout::PodDirectory,
    log_directory::LogDirectory,
    pod_logs::PodLogs,
};
use crate::line::target::{ContainerName, PodRef};

impl LogDirectory {
    /// What is kept of a pod, without looking for it.
    pub(crate) fn kept(&self, pod: &PodRef) -> Option<Arc<KeptPod>> {
        self.kept.as_ref()?.find(pod, Instant::now())
    }

    /// The same, or the pod is looked into and kept from now on, if that is worth it.
    pub(crate) fn kept_from_now_on(&self, pod: &PodRef) -> Option<Arc<KeptPod>> {
        let incarnations = |root: &OwnedFd| -> io::Result<Vec<PodDirectory>> {
            Ok(self.pods(root)?.get(pod).cloned().unwrap_or_default())
        };
        self.kept.as_ref()?.find_or_keep(pod, Instant::now(), incarnations)
    }

    /// The logs of these containers, which are all that a query is about, if they are as they are
    /// kept.
    pub(crate) fn checked(
        &self,
        pod: &Arc<KeptPod>,
        containers: &[ContainerName],
        wanted: WantedRuns,
    ) -> Option<PodLogs<'_>> {
        Some(PodLogs::kept(pod.check(containers, wanted)?, &self.listings))
    }

    /// How many files are kept open.
    pub(crate) fn kept_files(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| kept.descriptors() as u64)
    }
}
