//! Whether a file still holds what was read of it.

use std::{fs::File, io, os::unix::fs::FileExt};

use memchr::memchr;

use super::recent::RecentBytes;

/// How much of a file's first line is remembered, in bytes. CRI's lines begin with their time.
const MAX_BEGINNING_BYTES: u64 = 4 * 1024;
/// How much is remembered of what stands before the end, in bytes. Docker's lines end with their
/// time.
const MAX_ENDING_BYTES: u64 = 512;

/// Both ends of what was read of a file. A file that was emptied and filled again, or one that was
/// put in its place, holds other lines there: lines have their times in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSample {
    beginning: FilePart,
    ending: FilePart,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FilePart {
    offset: u64,
    bytes: Vec<u8>,
}

impl FileSample {
    /// Of the file's first `end` bytes.
    pub(crate) fn of(file: &File, end: u64) -> io::Result<Self> {
        let mut beginning = FilePart::read(file, 0, end.min(MAX_BEGINNING_BYTES))?;
        if let Some(newline) = memchr(b'\n', &beginning.bytes) {
            beginning.bytes.truncate(newline + 1);
        }
        let length = end.min(MAX_ENDING_BYTES);
        Ok(Self { beginning, ending: FilePart::read(file, end - length, length)? })
    }

    /// Of the first `end` bytes of the same file after it grew. Little is read of it: its first line
    /// stays, and what was written last is in `recent` most of the time.
    pub(crate) fn grown_to(&self, file: &File, end: u64, recent: &RecentBytes) -> io::Result<Self> {
        if !self.has_whole_beginning() {
            return Self::of(file, end);
        }
        let length = end.min(MAX_ENDING_BYTES);
        let offset = end - length;
        let ending = match recent.from(offset) {
            Some(bytes) => FilePart { offset, bytes: bytes.to_vec() },
            None => FilePart::read(file, offset, length)?,
        };
        Ok(Self { beginning: self.beginning.clone(), ending })
    }

    /// Whether the beginning is remembered as it would be of a longer file.
    fn has_whole_beginning(&self) -> bool {
        let bytes = &self.beginning.bytes;
        bytes.ends_with(b"\n") || bytes.len() as u64 == MAX_BEGINNING_BYTES
    }

    /// Whether the file holds the same at both ends.
    pub(crate) fn is_in(&self, file: &File) -> io::Result<bool> {
        Ok(self.begins(file)? && self.ending.is_in(file)?)
    }

    /// Whether the file begins in the same way.
    pub(crate) fn begins(&self, file: &File) -> io::Result<bool> {
        self.beginning.is_in(file)
    }
}

impl FilePart {
    /// Less of it if the file ends before.
    fn read(file: &File, offset: u64, length: u64) -> io::Result<Self> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read_at(&mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(Self { offset, bytes })
    }

    fn is_in(&self, file: &File) -> io::Result<bool> {
        Ok(*self == Self::read(file, self.offset, self.bytes.len() as u64)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(content: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    #[track_caller]
    fn check(known: &str, present: &str, expected: bool) {
        let sample = FileSample::of(&file(known), known.len() as u64).unwrap();
        assert_eq!(sample.is_in(&file(present)).unwrap(), expected, "{present:.60}");
    }

    #[test]
    fn an_appended_file_still_matches_its_sample() {
        let line = format!("2026-11-01T10:00:00Z stdout F {}\n", "x".repeat(10_000));
        for known in ["", "a", "a\n", &line, &line.repeat(3), &line[..5_000]] {
            check(known, known, true);
            check(known, &format!("{known}more\n"), true);
        }
    }

    #[test]
    fn a_sample_of_a_grown_file_is_the_same_whatever_is_read_for_it() {
        let line = format!("2026-11-01T10:00:00Z stdout F {}\n", "x".repeat(300));
        for known in ["", "a", "a\n", &line, &line.repeat(30), &"x".repeat(5_000)] {
            for more in ["", "b\n", &line.repeat(3)] {
                let grown = file(&format!("{known}{more}"));
                let (from, to) = (known.len() as u64, (known.len() + more.len()) as u64);
                let before = FileSample::of(&file(known), from).unwrap();
                let expected = FileSample::of(&grown, to).unwrap();
                let read = RecentBytes::read(&grown, from, to).unwrap();
                for recent in [read, RecentBytes::default()] {
                    assert_eq!(before.grown_to(&grown, to, &recent).unwrap(), expected);
                }
            }
        }
    }

    #[test]
    fn a_rewritten_file_does_not_match_its_sample() {
        let known = "10:00:00 a\n10:00:01 b\n";
        check(known, "", false);
        check(known, "10:00:00 a\n", false);
        check(known, "10:00:02 a\n10:00:03 b\n10:00:04 c\n", false);
        // Docker's lines: the times at their ends differ.
        let text = "x".repeat(8_000);
        check(&format!("{text} 10:00:00\n"), &format!("{text} 10:00:01\n{text}"), false);
    }
}
