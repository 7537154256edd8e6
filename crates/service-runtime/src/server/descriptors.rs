//! The limit of file descriptors, and how it is shared out.

use std::{fs, os::fd::RawFd};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that is assumed when the system names none.
const UNLIMITED: u64 = 1 << 20;

/// Descriptors that a worker opens for itself.
const WORKER_DESCRIPTORS: u64 = 5;

/// The process's limit of open files, sockets included.
#[derive(Debug, Clone, Copy)]
pub struct Descriptors {
    limit: u64,
}

impl Descriptors {
    /// Raises the soft limit to the hard one, as far as the system allows.
    #[must_use]
    pub fn raise_limit() -> Self {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: maximum, maximum };
        let limit = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => maximum,
            Err(error) => {
                tracing::warn!(%error, ?current, ?maximum, "cannot raise the limit of open files");
                current
            }
        };
        Self { limit: limit.unwrap_or(UNLIMITED) }
    }

    /// Nine tenths are for clients. The rest is kept for files, the authority and the operations
    /// listener.
    fn for_clients(self) -> u64 {
        self.limit - self.limit / 10
    }

    /// Whether a client may have this descriptor. The system gives out the lowest free one, so
    /// all below it are in use.
    pub(super) fn is_for_clients(self, descriptor: RawFd) -> bool {
        u64::try_from(descriptor).is_ok_and(|descriptor| descriptor < self.for_clients())
    }

    /// Connections that one client network may hold: a quarter of what is for clients.
    pub(super) fn per_network(self) -> usize {
        clamp(self.for_clients() / 4)
    }

    /// Connections that each of the public listener's workers may hold, those included that are
    /// refused. When all hold as many, the next ones wait to be accepted: they must not take the
    /// last descriptors. To be asked before the workers start.
    pub(super) fn per_worker(self, workers: usize) -> usize {
        // The operations listener has a worker as well.
        let own = in_use() + WORKER_DESCRIPTORS * (workers as u64 + 1);
        let connections = (self.limit - self.limit / 20).saturating_sub(own);
        clamp(connections / workers.max(1) as u64)
    }

    /// Refused connections that are sent the reason at the same time.
    pub(super) fn for_refusals(self) -> usize {
        clamp(self.limit / 40)
    }

    /// Connections of the operations listener.
    pub(super) fn for_operations(self) -> usize {
        clamp(self.limit / 40).clamp(8, 256)
    }
}

/// Descriptors that are open, as far as the system tells.
fn in_use() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(0, |descriptors| descriptors.count() as u64)
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Descriptors {
        pub(in crate::server) fn of_limit(limit: u64) -> Self {
            Self { limit }
        }
    }

    #[test]
    fn a_tenth_is_kept_and_a_network_has_a_quarter_of_the_rest() {
        let descriptors = Descriptors { limit: 1000 };
        assert!(descriptors.is_for_clients(899));
        assert!(!descriptors.is_for_clients(900));
        assert_eq!(descriptors.per_network(), 225);
        let connections = 2 * descriptors.per_worker(2);
        assert!((500..950 - 15).contains(&connections), "{connections}");
    }
}
