//! What a merge of logs comes to next.

use crate::line::time::LineTime;

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MergeStep {
    Line,
    /// Lines were lost here.
    Gap(Gap),
    /// Nothing in much that was read. There is more to read.
    Reading,
    /// Nothing yet.
    Pending,
    /// Nothing ever.
    End,
}

/// Lines that were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Which of the logs they are missing in.
    pub(crate) log: usize,
    /// The time of the line before, if there was one.
    pub(crate) from: Option<LineTime>,
    /// The time of the line after, if there was one.
    pub(crate) to: Option<LineTime>,
    /// How much is known to be lost, in bytes of the files' content.
    pub(crate) bytes: Option<u64>,
}
