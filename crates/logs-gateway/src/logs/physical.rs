//! Lines as they stand in a file, found in a buffer of fixed size.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, sync::Arc};

use memchr::memchr;

/// How much is read at once, in bytes. A line is whole if it fits.
const BUFFER_BYTES: usize = 256 * 1024;

/// A part of an open log file. It has an end, so that a reader sees the log of one instant however
/// much is written meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct FileRange {
    pub(crate) file: Arc<File>,
    pub(crate) bytes: Range<u64>,
}

/// A line, or of a line longer than the buffer a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhysicalLine<'a> {
    /// Where it is in the file.
    pub(crate) offset: u64,
    /// Without the newline.
    pub(crate) bytes: &'a [u8],
    /// The line began in the piece before.
    pub(crate) is_continuation: bool,
    pub(crate) end: LineEnd,
}

/// What comes after a [`PhysicalLine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnd {
    Newline,
    /// The same line goes on in the next piece.
    Continued,
    /// The end of the range: the line is only half written, or lacks its newline for good.
    EndOfFile,
}

/// Walks the lines of a [`FileRange`]: [`advance`](Self::advance), then look at
/// [`line`](Self::line).
#[derive(Debug)]
pub(crate) struct PhysicalLines {
    range: FileRange,
    buffer: Vec<u8>,
    /// What of the buffer was read from the file and lies behind the present line.
    unread: Range<usize>,
    /// The present line in the buffer.
    line: Range<usize>,
    line_offset: u64,
    is_continuation: bool,
    end: LineEnd,
}

impl PhysicalLines {
    pub(crate) fn new(range: FileRange) -> Self {
        let length = range.bytes.end.saturating_sub(range.bytes.start);
        let buffer_bytes = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(BUFFER_BYTES);
        Self {
            range,
            buffer: vec![0; buffer_bytes],
            unread: 0..0,
            line: 0..0,
            line_offset: 0,
            is_continuation: false,
            end: LineEnd::Newline,
        }
    }

    /// Begins behind the first newline at or after the byte before the range, that is with the
    /// first line that begins in the range.
    pub(crate) fn at_line_start(mut range: FileRange) -> io::Result<Self> {
        if range.bytes.start == 0 {
            return Ok(Self::new(range));
        }
        range.bytes.start -= 1;
        let mut lines = Self::new(range);
        while lines.advance()? && lines.end == LineEnd::Continued {}
        Ok(lines)
    }

    /// Goes to the next line; false at the end.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        self.is_continuation = self.end == LineEnd::Continued;
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.unread.clone()];
            if let Some(newline) = memchr(b'\n', &unread[searched..]) {
                self.take(searched + newline, LineEnd::Newline);
                return Ok(true);
            }
            searched = unread.len();
            if searched > 0 && searched == self.buffer.len() {
                self.take(searched, LineEnd::Continued);
                return Ok(true);
            }
            if self.fill()? == 0 {
                self.take(searched, LineEnd::EndOfFile);
                return Ok(searched > 0);
            }
        }
    }

    /// The present line. Empty before the first and after the last.
    pub(crate) fn line(&self) -> PhysicalLine<'_> {
        PhysicalLine {
            offset: self.line_offset,
            bytes: &self.buffer[self.line.clone()],
            is_continuation: self.is_continuation,
            end: self.end,
        }
    }

    /// Where in the file the next line begins.
    pub(crate) fn next_offset(&self) -> u64 {
        self.range.bytes.start - self.unread.len() as u64
    }

    /// How many bytes of the range have not been read from the file yet.
    pub(crate) fn bytes_ahead(&self) -> u64 {
        self.range.bytes.end.saturating_sub(self.range.bytes.start)
    }

    fn take(&mut self, length: usize, end: LineEnd) {
        let start = self.unread.start;
        self.line_offset = self.next_offset();
        self.line = start..start + length;
        self.end = end;
        self.unread.start = start + length + usize::from(end == LineEnd::Newline);
    }

    /// Reads on, behind what is unread. 0 at the end of the range or, if it got shorter, the file.
    fn fill(&mut self) -> io::Result<usize> {
        if self.unread.start > 0 {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        let free = &mut self.buffer[self.unread.end..];
        let wanted = usize::try_from(self.range.bytes.end.saturating_sub(self.range.bytes.start))
            .unwrap_or(usize::MAX)
            .min(free.len());
        let read = loop {
            match self
                .range
                .file
                .read_at(&mut free[..wanted], self.range.bytes.start)
            {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.range.bytes.start += read as u64;
        self.unread.end += read;
        Ok(read)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    pub(crate) fn range_of(content: &[u8], start: u64) -> FileRange {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        FileRange {
            file: Arc::new(file),
            bytes: start..content.len() as u64,
        }
    }

    fn collect(mut lines: PhysicalLines) -> Vec<(u64, Vec<u8>, bool, LineEnd)> {
        let mut all = Vec::new();
        while lines.advance().unwrap() {
            let line = lines.line();
            all.push((
                line.offset,
                line.bytes.to_vec(),
                line.is_continuation,
                line.end,
            ));
        }
        all
    }

    #[test]
    fn lines_have_offsets_and_the_last_may_lack_its_newline() {
        let lines = collect(PhysicalLines::new(range_of(b"ab\n\ncd", 0)));
        assert_eq!(
            lines,
            [
                (0, b"ab".to_vec(), false, LineEnd::Newline),
                (3, b"".to_vec(), false, LineEnd::Newline),
                (4, b"cd".to_vec(), false, LineEnd::EndOfFile),
            ]
        );
        assert_eq!(collect(PhysicalLines::new(range_of(b"", 0))), []);
    }

    #[test]
    fn a_line_longer_than_the_buffer_comes_in_pieces() {
        let mut content = vec![b'x'; 2 * BUFFER_BYTES + 5];
        content.extend(b"\nend\n");
        let lines = collect(PhysicalLines::new(range_of(&content, 0)));
        let shape: Vec<_> = lines
            .iter()
            .map(|line| (line.1.len(), line.2, line.3))
            .collect();
        assert_eq!(
            shape,
            [
                (BUFFER_BYTES, false, LineEnd::Continued),
                (BUFFER_BYTES, true, LineEnd::Continued),
                (5, true, LineEnd::Newline),
                (3, false, LineEnd::Newline),
            ]
        );
    }

    #[test]
    fn a_range_may_begin_anywhere_and_starts_with_a_whole_line() {
        let content = b"ab\ncd\nef\n";
        for (start, first) in [(0, 0), (1, 3), (3, 3), (4, 6), (6, 6)] {
            let lines = PhysicalLines::at_line_start(range_of(content, start)).unwrap();
            assert_eq!(collect(lines)[0].0, first, "{start}");
        }
    }

    #[test]
    fn a_file_that_got_shorter_just_ends() {
        let range = range_of(b"ab\ncd\n", 0);
        range.file.set_len(4).unwrap();
        assert_eq!(collect(PhysicalLines::new(range)).len(), 2);
    }

    proptest! {
        #[test]
        fn all_bytes_come_out_in_order(content in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400)) {
            let mut seen = Vec::new();
            for (offset, bytes, _, end) in collect(PhysicalLines::new(range_of(&content, 0))) {
                prop_assert_eq!(offset, seen.len() as u64);
                seen.extend(bytes);
                if end == LineEnd::Newline {
                    seen.push(b'\n');
                }
            }
            prop_assert_eq!(seen, content);
        }
    }
}
