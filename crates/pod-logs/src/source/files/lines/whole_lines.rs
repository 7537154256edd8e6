//! Lines longer than the buffer of [`PhysicalLines`], put together again.

use std::io;

use super::{
    physical::PhysicalLines,
    physical_line::{Advance, PhysicalEnd, PhysicalLine},
};
use crate::source::files::storage::chain::FileChain;

/// How much of a line is held at least, in bytes. Of a longer one the rest comes in pieces.
pub(crate) const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Walks lines as [`PhysicalLines`] does. Runtimes write no line that would not fit its buffer,
/// but the kubelet would take one.
#[derive(Debug)]
pub(crate) struct WholeLines {
    lines: PhysicalLines,
    /// The pieces so far of a line in pieces.
    gathered: Vec<u8>,
    /// Where they begin.
    position: u64,
    /// The present line is what was gathered, and this comes after it.
    gathered_end: Option<PhysicalEnd>,
    /// What ended what was gathered.
    waits: Option<Advance>,
}

impl WholeLines {
    pub(crate) fn new(chain: &FileChain) -> io::Result<Self> {
        Ok(Self {
            lines: PhysicalLines::exact(chain)?,
            gathered: Vec::new(),
            position: 0,
            gathered_end: None,
            waits: None,
        })
    }

    /// Goes to the next line.
    pub(crate) fn advance(&mut self) -> io::Result<Advance> {
        if self.gathered_end.take().is_some() {
            self.gathered = Vec::new();
        }
        if let Some(waits) = self.waits.take() {
            return Ok(waits);
        }
        loop {
            match self.lines.advance()? {
                Advance::Line => {}
                end @ (Advance::End | Advance::Lost) if !self.gathered.is_empty() => {
                    self.gathered_end = Some(PhysicalEnd::EndOfFile);
                    self.waits = Some(end);
                    return Ok(Advance::Line);
                }
                advance => return Ok(advance),
            }
            let line = self.lines.line();
            if !line.is_continuation {
                // What was gathered broke off with its file.
                self.gathered.clear();
                self.position = line.position;
            }
            let is_whole = !line.is_continuation && line.end != PhysicalEnd::Continued;
            let is_beyond = line.is_continuation && self.gathered.is_empty();
            if is_whole || is_beyond {
                return Ok(Advance::Line);
            }
            self.gathered.extend_from_slice(line.bytes);
            if line.end != PhysicalEnd::Continued || self.gathered.len() >= MAX_LINE_BYTES {
                self.gathered_end = Some(line.end);
                return Ok(Advance::Line);
            }
        }
    }

    /// The present line. Empty before the first and after the last.
    pub(crate) fn line(&self) -> PhysicalLine<'_> {
        match self.gathered_end {
            Some(end) => PhysicalLine {
                position: self.position,
                bytes: &self.gathered,
                is_continuation: false,
                end,
            },
            None => self.lines.line(),
        }
    }

    pub(crate) fn physical(&self) -> &PhysicalLines {
        &self.lines
    }

    pub(crate) fn physical_mut(&mut self) -> &mut PhysicalLines {
        &mut self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::files::lines::physical::tests::chain_of;

    #[track_caller]
    fn check(lengths: &[usize], newline: bool, expected: &[(usize, bool, PhysicalEnd)]) {
        let lines: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
        let content = lines.join("\n") + if newline { "\n" } else { "" };
        let mut lines = WholeLines::new(&chain_of(content.as_bytes(), 0)).unwrap();
        let mut seen = Vec::new();
        while lines.advance().unwrap() == Advance::Line {
            let line = lines.line();
            seen.push((line.bytes.len(), line.is_continuation, line.end));
        }
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_long_line_is_whole_and_a_longer_one_is_not() {
        use PhysicalEnd::{Continued, EndOfFile, Newline};
        const PIECE: usize = 256 * 1024;
        check(&[0, 1], true, &[(0, false, Newline), (1, false, Newline)]);
        check(&[PIECE + 1, 2], true, &[(PIECE + 1, false, Newline), (2, false, Newline)]);
        // The end of the file is not yet known where the last piece ends.
        check(&[1, 2 * PIECE], false, &[(1, false, Newline), (2 * PIECE, false, EndOfFile)]);
        check(&[PIECE + 3], false, &[(PIECE + 3, false, EndOfFile)]);
        check(
            &[MAX_LINE_BYTES + PIECE + 1, 2],
            false,
            &[
                (MAX_LINE_BYTES, false, Continued),
                (PIECE, true, Continued),
                (1, true, Newline),
                (2, false, EndOfFile),
            ],
        );
    }
}
