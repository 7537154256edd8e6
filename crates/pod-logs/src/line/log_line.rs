//! A line as the container wrote it.

use super::{stream::OutputStream, time::LineTime};

/// A line as the container wrote it, or a part of a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogLine<'a> {
    pub(crate) time: LineTime,
    pub(crate) stream: OutputStream,
    /// Without the newline.
    pub(crate) content: &'a [u8],
    /// How many tokens in it are masked.
    pub(crate) masked: u64,
    /// The beginning of the line was given before.
    pub(crate) is_continuation: bool,
    pub(crate) ending: LineEnding,
}

/// A line whose end is not written yet, at the end of a log that is followed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnfinishedLine {
    pub(crate) time: LineTime,
    /// Up to where it is written, as its source counts.
    pub(crate) end: u64,
}

/// The lines at the end of a log, counted.
#[derive(Debug, Default)]
pub(crate) struct LineCount {
    pub(crate) finished: u64,
    /// Those whose end is not written yet.
    pub(crate) unfinished: Vec<UnfinishedLine>,
}

/// The result of going to the next line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextLine {
    /// There is one.
    Line,
    /// Lines were lost here: how much, in bytes, if that is known. The log goes on after them.
    Gap(Option<u64>),
    /// Not yet: the log may grow.
    Pending,
    /// Not yet, but one is on its way, or the end: it is to be waited for.
    Awaited,
    /// There is none, and there will be none.
    End,
}

/// How a [`LogLine`] ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnding {
    Newline,
    /// The end was not written yet.
    Unfinished,
    /// The line is too long to be held: its next part comes later.
    Continued,
}
