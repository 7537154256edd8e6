//! What is known of lines whose pieces are being joined.

use crate::line::{
    log_line::LineEnding, masking::BegunToken, stream::OutputStream, time::LineTime,
};

/// What is known of a line from its first piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineHead {
    pub(crate) time: LineTime,
    pub(crate) stream: OutputStream,
    pub(crate) position: u64,
    /// It is the line's beginning. In the middle of a file that takes some looking.
    pub(crate) is_certain: bool,
    /// The line's beginning was given out before.
    pub(crate) is_continuation: bool,
}

/// A physical line longer than the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContinuedPiece {
    pub(crate) time: LineTime,
    pub(crate) stream: OutputStream,
    pub(crate) partial: bool,
}

/// A record longer than the buffer, of which only the whole can be read.
#[derive(Debug)]
pub(crate) struct LongRecord {
    pub(crate) position: u64,
    /// Nothing once it is too long.
    pub(crate) bytes: Vec<u8>,
    /// Of the record so far, in bytes.
    pub(crate) length: usize,
}

#[derive(Debug, Default)]
pub(crate) struct StreamState {
    /// The line whose pieces are being joined.
    pub(crate) open: Option<LineHead>,
    pub(crate) content: Vec<u8>,
    /// Where the last piece ended.
    pub(crate) last_end: u64,
    /// A piece from this offset on, if no line is open, certainly begins one.
    pub(crate) certain_from: u64,
    /// If no line is open: the next piece goes on with a line whose beginning was given out.
    pub(crate) given: Option<EmittedBeginning>,
    /// The token that may have begun before the reading, in the line that goes on in it.
    pub(crate) before: BegunToken,
}

impl StreamState {
    /// Whether a line was begun whose end has not come.
    pub(crate) fn is_begun(&self) -> bool {
        self.open.is_some() || self.given.is_some()
    }
}

/// The beginning of a line that was given out before its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EmittedBeginning {
    pub(crate) time: LineTime,
    /// Where to begin reading to go on behind it.
    pub(crate) begin: u64,
}

/// Where the present line is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PresentLine {
    None,
    /// In the physical line, from this byte on.
    InFile {
        head: LineHead,
        content_start: usize,
        ending: LineEnding,
    },
    Joined {
        head: LineHead,
        ending: LineEnding,
    },
}

impl PresentLine {
    /// What is given out without its end.
    pub(crate) fn unfinished(&self) -> Option<LineHead> {
        match self {
            Self::InFile { head, ending: LineEnding::Unfinished, .. }
            | Self::Joined { head, ending: LineEnding::Unfinished } => Some(*head),
            _ => None,
        }
    }
}
