//! The files that answer a query, opened.

use std::sync::Arc;

use super::{listed::ListedFile, pod_logs::PodLogs};
use crate::{line::target::ContainerName, source::files::storage::log_file::LogFile};

/// How much is opened before the current file, in bytes as they are stored: what can be begun there
/// and go on in it is nearer. Rotated files are larger.
const EARLIER_BYTES: u64 = 128 * 1024;
/// How many files are opened before the current one at most, if they are small.
const MAX_EARLIER: usize = 16;

/// The files that a query is about.
#[derive(Debug)]
pub(crate) struct OpenedLog {
    /// In the order they were written.
    pub(crate) files: Vec<Arc<LogFile>>,
    /// Files of the same run that were written before the current one, where only that is asked
    /// for.
    pub(crate) earlier: Vec<Arc<LogFile>>,
}

impl OpenedLog {
    /// The files that were written before this one.
    pub(crate) fn before(self, file: &LogFile) -> Vec<Arc<LogFile>> {
        // By now a file may have been rotated, or be the current one for a reader that follows.
        let files = self.earlier.into_iter().chain(self.files);
        files.take_while(|earlier| !earlier.is_same_inode(file)).collect()
    }
}

impl PodLogs<'_> {
    /// Opens the files that were rotated last in the run of the current one, as far back as a line
    /// of it may have begun and they can be opened.
    pub(super) fn open_rotated(
        &self,
        container: &ContainerName,
        listed: &[ListedFile],
        current: &LogFile,
    ) -> Vec<Arc<LogFile>> {
        let is_rotated = |file: &&ListedFile| {
            file.parsed.restart == current.restart() && !file.parsed.is_current()
        };
        let (mut opened, mut bytes) = (Vec::new(), 0);
        for listed in listed.iter().rev().filter(is_rotated).take(MAX_EARLIER) {
            let Ok(file) = self.open_file(container, listed) else { break };
            bytes += file.stored_bytes();
            opened.push(Arc::new(file));
            if bytes >= EARLIER_BYTES {
                break;
            }
        }
        opened.reverse();
        opened
    }
}
