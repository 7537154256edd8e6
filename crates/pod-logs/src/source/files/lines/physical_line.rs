//! A line as it stands in a file.

use std::sync::Arc;

use crate::source::files::storage::log_file::LogFile;

/// A line, or of a line longer than the buffer a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhysicalLine<'a> {
    /// How many bytes of content lie between it and the beginning of the reading.
    pub(crate) position: u64,
    /// Without the newline.
    pub(crate) bytes: &'a [u8],
    /// The line began in the piece before.
    pub(crate) is_continuation: bool,
    pub(crate) end: PhysicalEnd,
}

/// What comes after a [`PhysicalLine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PhysicalEnd {
    Newline,
    /// The same line goes on in the next piece.
    Continued,
    /// The end of its file: the line is only half written, or lacks its newline for good.
    EndOfFile,
}

/// The result of going to the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    /// There is one.
    Line,
    /// Not yet: the log may grow.
    Pending,
    /// Lines were lost here: a file was deleted before it was read to its end, or cannot be
    /// decompressed to its end. It goes on after them.
    Lost,
    /// There is none, and there will be none.
    End,
}

/// A place between two lines of a chain.
#[derive(Debug, Clone)]
pub(crate) struct PlaceInFile {
    pub(crate) file: Arc<LogFile>,
    /// In bytes of the file's content.
    pub(crate) offset: u64,
}
