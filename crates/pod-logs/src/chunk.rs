//! How an answer is written: chunk by chunk, until the log ends.

use serde::Serialize;

/// The least size of a chunk, unless the log ends, in bytes; it is at most a line longer.
pub const CHUNK_BYTES: usize = 256 * 1024;
/// How much is read for one chunk at most, in bytes, so that a reader that left is noticed however
/// few lines are chosen.
pub(crate) const SCAN_BYTES: u64 = 16 * 1024 * 1024;
/// How much is read for one line at most before lines that were found are given out, in bytes.
pub(crate) const SEARCH_BYTES: u64 = 1024 * 1024;

/// How far the writing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more to write.
    More,
    /// Nothing more until the log grows.
    CaughtUp,
    /// Nothing more: all has been written.
    Done(LogEnd),
}

/// Why a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogEnd {
    /// All of it was given.
    Complete,
    /// The container was started again, or its pod is gone.
    ContainerExit,
    /// The reader asked for no more than this.
    Limit,
    /// The source cannot be read any more.
    Source,
    /// Lines were lost, and the form cannot express that.
    Gap,
}

impl LogEnd {
    /// Whether the reader got what it asked for. If not, a body whose form cannot express the
    /// reason is cut off.
    #[must_use]
    pub fn is_clean(self) -> bool {
        match self {
            Self::Complete | Self::ContainerExit | Self::Limit => true,
            Self::Source | Self::Gap => false,
        }
    }
}
