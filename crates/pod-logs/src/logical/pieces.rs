//! What is known of lines whose pieces are being joined.

use super::line::Ending;
use crate::format::{LineTime, Stream};

/// What is known of a line from its first piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) time: LineTime,
    pub(super) stream: Stream,
    pub(super) position: u64,
    /// It is the line's beginning. In the middle of a file that takes some looking.
    pub(super) is_certain: bool,
    /// The line's beginning was given out before.
    pub(super) is_continuation: bool,
}

/// A physical line longer than the buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Continued {
    pub(super) time: LineTime,
    pub(super) stream: Stream,
    pub(super) partial: bool,
}

/// A record longer than the buffer, of which only the whole can be read.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) position: u64,
    /// Nothing once it is too long.
    pub(super) bytes: Vec<u8>,
    /// Of the record so far, in bytes.
    pub(super) length: usize,
}

#[derive(Debug, Default)]
pub(super) struct StreamState {
    /// The line whose pieces are being joined.
    pub(super) open: Option<Head>,
    pub(super) content: Vec<u8>,
    /// Where the last piece ended.
    pub(super) last_end: u64,
    /// A piece from this offset on, if no line is open, certainly begins one.
    pub(super) certain_from: u64,
    /// If no line is open: the next piece goes on with a line whose beginning was given out.
    pub(super) given: Option<GivenBeginning>,
}

impl StreamState {
    /// Whether a line was begun whose end has not come.
    pub(super) fn is_begun(&self) -> bool {
        self.open.is_some() || self.given.is_some()
    }
}

/// The beginning of a line that was given out before its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct GivenBeginning {
    pub(super) time: LineTime,
    /// Where to begin reading to go on behind it.
    pub(super) begin: u64,
}

/// Where the present line is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Present {
    None,
    /// In the physical line, from this byte on.
    InFile {
        head: Head,
        content_start: usize,
        ending: Ending,
    },
    Joined {
        head: Head,
        ending: Ending,
    },
}

impl Present {
    /// What is given out without its end.
    pub(super) fn unfinished(&self) -> Option<Head> {
        match self {
            Self::InFile { head, ending: Ending::Unfinished, .. }
            | Self::Joined { head, ending: Ending::Unfinished } => Some(*head),
            _ => None,
        }
    }
}
