//! Runs of a container.

use super::target::PodUid;

/// A run of a container: which incarnation of its pod, and how often it was restarted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogRun {
    /// A checksum of the incarnation's uid.
    incarnation: u32,
    pub(crate) restart: u32,
}

impl LogRun {
    pub(crate) fn new(uid: &PodUid, restart: u32) -> Self {
        Self { incarnation: crc32fast::hash(uid.as_str().as_bytes()), restart }
    }

    /// A number that no other run of a container of the pod's name has.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.incarnation) << 32 | u64::from(self.restart)
    }

    pub(crate) fn from_number(number: u64) -> Self {
        Self { incarnation: (number >> 32) as u32, restart: number as u32 }
    }

    /// Whether it is in this incarnation of the pod.
    pub(crate) fn is_in(self, uid: &PodUid) -> bool {
        self.incarnation == Self::new(uid, 0).incarnation
    }
}
