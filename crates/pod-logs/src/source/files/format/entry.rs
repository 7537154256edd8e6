//! What a runtime wrote at once.

use crate::line::{stream::OutputStream, time::LineTime};

/// The name of a stream that is neither of the two. The kubelet minds it only when it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownStream(pub(crate) Vec<u8>);

/// What a runtime wrote at once: a line, or a piece of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry<S = OutputStream> {
    pub(crate) time: LineTime,
    pub(crate) stream: S,
    /// A piece whose line goes on in a later entry of the stream.
    pub(crate) partial: bool,
    pub(super) content: EntryContent,
}

/// Where the bytes are that the container wrote, without the newline. They may be no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EntryContent {
    /// All of the line from this byte on.
    From(usize),
    /// Not in the line as such: they were escaped.
    Decoded(Vec<u8>),
}

impl<S> LogEntry<S> {
    /// What the container wrote, given the line that the entry was read from.
    pub fn content<'a>(&'a self, line: &'a [u8]) -> &'a [u8] {
        match &self.content {
            EntryContent::From(start) => line.get(*start..).unwrap_or_default(),
            EntryContent::Decoded(bytes) => bytes,
        }
    }

    /// Where in its line the content begins; `None` when it is not there as such.
    pub(crate) fn content_start(&self) -> Option<usize> {
        match self.content {
            EntryContent::From(start) => Some(start),
            EntryContent::Decoded(_) => None,
        }
    }

    pub(super) fn map_stream<T>(self, map: impl FnOnce(S) -> T) -> LogEntry<T> {
        let Self { time, stream, partial, content } = self;
        LogEntry { time, stream: map(stream), partial, content }
    }
}
