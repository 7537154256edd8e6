//! What a walk of logical lines gives.

use std::sync::Arc;

use crate::{
    file::{Mark, OpenFrom},
    format::{LineTime, Stream},
    physical::{LineEnd, Place},
};

/// A line as the container meant it, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogicalLine<'a> {
    pub(crate) time: LineTime,
    pub(crate) stream: Stream,
    /// Without the newline.
    pub(crate) content: &'a [u8],
    /// The line's beginning was given out before.
    pub(crate) is_continuation: bool,
    pub(crate) ending: Ending,
}

/// How a [`LogicalLine`] ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Newline,
    /// Its end was not written yet.
    Unfinished,
    /// It is too long to be held: its next part comes later.
    Continued,
}

impl Ending {
    /// Of a line whose last piece ends so.
    pub(super) fn of_whole(end: LineEnd) -> Self {
        if end == LineEnd::Newline { Self::Newline } else { Self::Unfinished }
    }
}

/// A line whose end is not written yet, at the end of a log that is followed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnfinishedLine {
    pub(crate) time: LineTime,
    /// Up to where it is written.
    pub(crate) end: u64,
}

/// Where a reading can be taken up again behind a line.
#[derive(Debug, Clone)]
pub(crate) struct Resumption {
    /// Where to begin reading: where the oldest line that is still open begins.
    pub(crate) begin: Place,
    /// Lines that end up to here have been seen.
    pub(crate) seen: Place,
}

impl Resumption {
    /// The mark of the line behind which the reading can be taken up.
    pub(crate) fn mark(&self) -> Mark {
        let Self { begin, seen } = self;
        let open_from = match Arc::ptr_eq(&begin.file, &seen.file) {
            true => OpenFrom::SameFile(begin.offset),
            false => OpenFrom::EarlierFile(begin.offset),
        };
        Mark { offset: seen.offset, open_from }
    }
}
