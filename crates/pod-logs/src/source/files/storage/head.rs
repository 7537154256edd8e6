//! The beginning of a log file: what the file is known by, and when it was begun.

use std::io::{self, Read};

use chrono::{DateTime, Utc};
use memchr::memchr;

use crate::source::files::format::entry::LogEntry;

/// How much of a file counts as its beginning at most, in bytes of its content. Docker splits what
/// a container writes at 16 KiB, and may write each byte as six.
const MAX_HEAD_BYTES: usize = 128 * 1024;
/// Most first lines are not longer than this, in bytes.
const USUAL_LINE_BYTES: usize = 1024;

/// The beginning of a file, by which it is recognised after it was renamed or compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileHead {
    /// Of the first line; of a longer one than [`MAX_HEAD_BYTES`], of so much of it. The line has
    /// its time in nanoseconds: CRI's at its beginning, Docker's at its end. 0 in an empty file.
    checksum: u32,
    /// The file holds the whole line, or all of it that counts.
    is_whole: bool,
    /// The time of the first line that has one.
    pub(crate) first_time: Option<DateTime<Utc>>,
}

impl FileHead {
    /// Reads the content from its beginning, no further than it must. Compressed content counts as
    /// far as it can be decompressed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(mut content: impl Read) -> io::Result<Self> {
        let mut buffer = Vec::new();
        let mut wanted = USUAL_LINE_BYTES;
        loop {
            let mut more = content.by_ref().take((wanted - buffer.len()) as u64);
            match more.read_to_end(&mut buffer) {
                Err(error) if !is_broken(&error) => return Err(error),
                _ => {}
            }
            let is_all = buffer.len() < wanted || wanted == MAX_HEAD_BYTES;
            let head = Self::of(&buffer, buffer.len() == MAX_HEAD_BYTES);
            if is_all || (head.is_whole && head.first_time.is_some()) {
                return Ok(head);
            }
            wanted = (8 * wanted).min(MAX_HEAD_BYTES);
        }
    }

    fn of(beginning: &[u8], is_longest: bool) -> Self {
        let newline = memchr(b'\n', beginning);
        let line = &beginning[..newline.unwrap_or(beginning.len())];
        // A checksum that happens to be 0 would read as no line.
        let checksum = if beginning.is_empty() { 0 } else { crc32fast::hash(line).max(1) };
        // CRI's lines tell their times even if they are cut.
        let mut lines = beginning.split(|byte| *byte == b'\n');
        let entry = lines.find_map(|line| LogEntry::parse(without_leading_nuls(line)));
        let first_time = entry.map(|entry| entry.time.instant());
        Self { checksum, is_whole: newline.is_some() || is_longest, first_time }
    }

    /// Whether what is known of the first line will not change any more.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The checksum of the first line as far as it is there.
    pub(crate) fn checksum(&self) -> u32 {
        self.checksum
    }

    /// Whether the file is empty, and has nothing to be known by.
    pub(crate) fn is_empty(&self) -> bool {
        self.checksum == 0
    }

    /// Whether the files begin alike.
    pub(crate) fn is_of_same_log(&self, other: &Self) -> bool {
        !self.is_empty() && self.checksum == other.checksum && self.is_whole == other.is_whole
    }
}

/// A power loss leaves NUL bytes before a line.
fn without_leading_nuls(line: &[u8]) -> &[u8] {
    let nuls = line.iter().take_while(|byte| **byte == 0).count();
    &line[nuls..]
}

/// Whether it is the content that is at fault (see `flate2`), and not the reading.
fn is_broken(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};

    use super::*;

    const LINE: &str = "2026-11-01T10:00:00Z stdout F x\n";

    fn head(content: &str) -> FileHead {
        FileHead::read(content.as_bytes()).unwrap()
    }

    /// A record of Docker's, which has its time at the end.
    fn record(text: &str, second: u8) -> String {
        let time = format!("2026-11-01T10:00:{second:02}Z");
        format!(r#"{{"log":"{text}\n","stream":"stdout","time":"{time}"}}"#) + "\n"
    }

    #[test]
    fn a_file_is_known_by_its_whole_first_line() {
        for length in [10, 1_200, 20_000, 100_000] {
            let text = "x".repeat(length);
            let (one, other) = (record(&text, 1), record(&text, 2));
            assert_ne!(head(&one).checksum(), head(&other).checksum(), "{length}");
            let longer = one.clone() + &other;
            assert_eq!(head(&one), head(&longer), "{length}");
        }
    }

    #[test]
    fn a_long_first_line_is_known_by_its_beginning() {
        let text = "x".repeat(MAX_HEAD_BYTES);
        assert_ne!(head(&text).checksum(), 0);
        assert_eq!(head(&text), head(&(text.clone() + "y")));
    }

    #[test]
    fn half_a_line_tells_two_files_apart() {
        let half = head("2026-11-01T10:00:00Z stdout F ha");
        assert!(!half.is_whole());
        assert!(half.is_of_same_log(&half));
        assert!(!half.is_of_same_log(&head("2026-11-01T10:00:00Z stdout F ha\n")));
        assert!(!head("").is_of_same_log(&head("")));
    }

    #[test]
    fn a_compressed_file_counts_as_far_as_it_can_be_read() {
        let content: String = (0..50_000).map(|line| format!("{line} {LINE}")).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all((LINE.to_owned() + &content).as_bytes()).unwrap();
        let stored = encoder.finish().unwrap();
        let read = |stored: &[u8]| FileHead::read(MultiGzDecoder::new(stored)).unwrap();
        assert_eq!(read(&stored), head(LINE));
        assert_eq!(read(&stored[..stored.len() / 2]), head(LINE));
        assert_eq!(read(b""), head(""));
        assert_eq!(read(b"not compressed"), head(""));
    }

    #[test]
    fn the_first_time_is_that_of_the_first_line_that_has_one() {
        let time = head(LINE).first_time;
        assert!(time.is_some());
        assert_eq!(head(&("\0".repeat(2_000) + LINE)).first_time, time);
        let garbage = "garbage\n".repeat(2_000);
        assert_eq!(head(&(garbage.clone() + LINE)).first_time, time);
        assert_eq!(head(&garbage).first_time, None);
        assert_eq!(head("2026-11-01T10:00:00Z stdout F cut").first_time, time);
        assert_eq!(head("2026-11-01T10:0").first_time, None);
    }
}
