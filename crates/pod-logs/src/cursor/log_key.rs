//! Short names of logs.

use sha2::{Digest, Sha256};

use crate::line::target::LogName;

/// What a log is called in a cursor of many logs: the beginning of a SHA-256 of its namespace, pod,
/// uid and container. It permits nothing, and two logs of one stream do not share one by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LogKey(pub(super) [u8; Self::BYTES]);

impl LogKey {
    /// The length of a key, in bytes.
    pub(super) const BYTES: usize = 6;

    /// The key of a log.
    pub(crate) fn of(name: &LogName) -> Self {
        let LogName { pod, uid, container } = name;
        let mut hash = Sha256::new();
        for part in [pod.namespace.as_str(), pod.pod.as_str(), uid.as_str(), container.as_str()] {
            hash.update(part);
            // No name contains it.
            hash.update([0]);
        }
        let mut key = [0; Self::BYTES];
        key.copy_from_slice(&hash.finalize()[..Self::BYTES]);
        Self(key)
    }
}
