//! How much a reading has given.

use std::ops::AddAssign;

/// How much of a log a reading has given so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadCounts {
    /// Bytes as a limit counts them: of the log as text, with time stamps and newlines.
    pub bytes: u64,
    /// Lines. Of the kubelet's bytes: what a time stamp would stand before.
    pub lines: u64,
    /// Tokens that were masked.
    pub masked: u64,
    /// Gaps: places where lines could not be given.
    pub gaps: u64,
}

impl AddAssign for ReadCounts {
    fn add_assign(&mut self, more: Self) {
        self.bytes += more.bytes;
        self.lines += more.lines;
        self.masked += more.masked;
        self.gaps += more.gaps;
    }
}
