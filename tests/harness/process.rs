//! Facts of the kernel about a running service (`proc(5)`).

use std::{fs, path::PathBuf};

/// A process, by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    id: u32,
}

impl Process {
    pub(super) fn new(id: u32) -> Self {
        Self { id }
    }

    /// Its peak memory so far, in bytes.
    pub(crate) fn peak_memory(self) -> u64 {
        self.number_in("status", "VmHWM:") * 1024
    }

    /// Its soft limit of descriptors.
    pub(crate) fn open_files_limit(self) -> u64 {
        self.number_in("limits", "Max open files")
    }

    /// The number of bytes that it has read so far, from any source.
    pub(crate) fn bytes_read(self) -> u64 {
        self.number_in("io", "rchar:")
    }

    /// The log files it has open.
    pub(crate) fn open_logs(self) -> Vec<PathBuf> {
        let descriptors = fs::read_dir(self.file("fd")).unwrap();
        descriptors
            // A descriptor may be closed after the listing.
            .filter_map(|descriptor| fs::read_link(descriptor.ok()?.path()).ok())
            .filter(|target| target.to_string_lossy().contains(".log"))
            .collect()
    }

    /// Whether a signal stopped all of its threads.
    pub(super) fn stands_still(self) -> bool {
        let threads = fs::read_dir(self.file("task")).unwrap();
        let mut states =
            threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("status")));
        states.all(|status| status.is_ok_and(|status| status.contains("\nState:\tT")))
    }

    fn number_in(self, file: &str, field: &str) -> u64 {
        let text = fs::read_to_string(self.file(file)).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.id))
    }
}
