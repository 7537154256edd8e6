//! Lines as they stand in files, found in a buffer of bounded size.

use std::{io, ops::Range, sync::Arc};

use memchr::{memchr, memrchr};

use super::file::{Chain, FileReader, LogFile, ReadingCost};

/// How much is read at once at most, in bytes. A line is whole if it fits.
const BUFFER_BYTES: usize = 256 * 1024;
/// The smallest buffer, in bytes.
const MIN_BUFFER_BYTES: usize = 8 * 1024;

/// A line, or of a line longer than the buffer a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhysicalLine<'a> {
    /// How many bytes of content lie between it and the beginning of the reading.
    pub(crate) position: u64,
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
    /// The end of its file: the line is only half written, or lacks its newline for good.
    EndOfFile,
}

/// What came of going to the next line.
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
pub(crate) struct Place {
    pub(crate) file: Arc<LogFile>,
    /// In bytes of the file's content.
    pub(crate) offset: u64,
}

/// Walks the lines of a [`Chain`]: [`advance`](Self::advance), then look at
/// [`line`](Self::line).
#[derive(Debug)]
pub(crate) struct PhysicalLines {
    files: Vec<Arc<LogFile>>,
    /// Which file is read.
    present_file: usize,
    /// That the present file has lost its end was told.
    is_loss_told: bool,
    /// Where the content of the files begins that were opened, as positions.
    begins: Vec<u64>,
    /// `None` before the first file and after the last.
    reader: Option<FileReader>,
    /// Further files may be appended.
    expects_more: bool,
    buffer: Vec<u8>,
    /// What of the buffer was read from the file and lies behind the present line.
    unread: Range<usize>,
    /// The position behind the last byte in the buffer.
    read_position: u64,
    /// The present line in the buffer.
    line: Range<usize>,
    line_position: u64,
    is_continuation: bool,
    end: LineEnd,
    /// Gives out the beginning of a line that is not finished.
    is_impatient: bool,
}

impl PhysicalLines {
    /// Walks from the first line on that begins in the chain. Positions count from the beginning
    /// of the chain's first file.
    pub(crate) fn new(chain: &Chain) -> io::Result<Self> {
        // The byte before shows whether a line begins at the start.
        let in_middle = chain.start > 0 && !chain.starts_clean;
        let start = chain.start - u64::from(in_middle);
        let open = |file: &Arc<LogFile>| FileReader::new(file.clone(), start);
        let mut lines = Self {
            files: chain.files.clone(),
            present_file: 0,
            is_loss_told: false,
            begins: vec![0],
            reader: chain.files.first().map(open).transpose()?,
            expects_more: false,
            buffer: Vec::new(),
            unread: 0..0,
            read_position: start,
            line: 0..0,
            line_position: 0,
            is_continuation: false,
            end: LineEnd::Newline,
            is_impatient: false,
        };
        if in_middle {
            while lines.advance()? == Advance::Line && lines.end == LineEnd::Continued {}
            lines.is_loss_told = false;
        }
        Ok(lines)
    }

    /// Goes to the next line.
    pub(crate) fn advance(&mut self) -> io::Result<Advance> {
        self.is_continuation = self.end == LineEnd::Continued;
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.unread.clone()];
            if let Some(newline) = memchr(b'\n', &unread[searched..]) {
                return Ok(self.take(searched + newline, LineEnd::Newline));
            }
            searched = unread.len();
            if searched >= BUFFER_BYTES {
                return Ok(self.take(searched, LineEnd::Continued));
            }
            let Some(reader) = &mut self.reader else {
                return Ok(self.pending_or_end());
            };
            // Asked before reading: what completed a file was written to it before.
            let is_complete = self.files[self.present_file].is_complete();
            make_room(&mut self.buffer, &mut self.unread, reader.stored_bytes_ahead());
            let read = reader.read(&mut self.buffer[self.unread.end..])?;
            self.read_position += read as u64;
            self.unread.end += read;
            if read > 0 {
                continue;
            }
            if is_complete && searched > 0 {
                return Ok(self.take(searched, LineEnd::EndOfFile));
            }
            if is_complete {
                if self.has_lost_its_end() && !self.is_loss_told {
                    self.is_loss_told = true;
                    return Ok(Advance::Lost);
                }
                if !self.open_next()? {
                    return Ok(self.pending_or_end());
                }
            } else if self.is_impatient && searched > 0 {
                return Ok(self.take(searched, LineEnd::Continued));
            } else {
                self.release_buffer();
                return Ok(Advance::Pending);
            }
        }
    }

    /// The present line. Empty before the first and after the last.
    pub(crate) fn line(&self) -> PhysicalLine<'_> {
        PhysicalLine {
            position: self.line_position,
            bytes: &self.buffer[self.line.clone()],
            is_continuation: self.is_continuation,
            end: self.end,
        }
    }

    /// The whole lines that have been read and come next, as they stand in the file, up to so many
    /// bytes. None while the rest of a long line comes first.
    pub(crate) fn whole_lines(&self, max_bytes: usize) -> &[u8] {
        if self.end == LineEnd::Continued {
            return &[];
        }
        let unread = &self.buffer[self.unread.clone()];
        let unread = &unread[..unread.len().min(max_bytes)];
        &unread[..memrchr(b'\n', unread).map_or(0, |newline| newline + 1)]
    }

    /// Goes behind so many bytes of [`whole_lines`](Self::whole_lines).
    pub(crate) fn pass_over(&mut self, bytes: usize) {
        self.unread.start += bytes;
    }

    /// Which run of the container the present line is from.
    pub(crate) fn run(&self) -> u64 {
        self.files.get(self.present_file).map_or(0, |file| file.run)
    }

    /// The position behind the present line.
    pub(crate) fn next_position(&self) -> u64 {
        self.read_position - self.unread.len() as u64
    }

    /// Where a position lies. `None` in a file that was let go.
    pub(crate) fn place_of(&self, position: u64) -> Option<Place> {
        // Where nothing was read from a file yet, the place is the end of the one before: an empty
        // file has nothing to be known by.
        let is_behind = |begin: &u64| *begin <= position && *begin < self.read_position;
        let index = self.begins.iter().rposition(is_behind).unwrap_or(0);
        Some(Place { file: self.files.get(index)?.clone(), offset: position - self.begins[index] })
    }

    /// The position up to which the files have been read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read_position
    }

    /// What it takes to read the rest.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        let present = self.reader.as_ref().map(FileReader::cost_ahead);
        let later = self.files.iter().skip(self.present_file + 1).map(|file| file.cost());
        present.into_iter().chain(later).sum()
    }

    /// How much of the present file will never be read, in bytes, as far as that is known: its
    /// readers were stopped.
    pub(crate) fn bytes_lost(&self) -> u64 {
        match self.files.get(self.present_file) {
            Some(file) if file.is_revoked() => {
                self.reader.as_ref().map_or(0, FileReader::stored_bytes_ahead)
            }
            _ => 0,
        }
    }

    /// From now on the end of the last file is not the end of the log.
    pub(crate) fn expect_more(&mut self, expects: bool) {
        self.expects_more = expects;
    }

    /// Whether the beginning of a line that is not finished is given out, as a piece.
    pub(crate) fn be_impatient(&mut self, impatient: bool) {
        self.is_impatient = impatient;
    }

    /// Goes on with another file after the last. Files that were read are let go, but for the one
    /// before the present: a line may have begun there.
    pub(crate) fn append(&mut self, file: Arc<LogFile>) {
        let done = self.present_file.saturating_sub(1);
        self.files.drain(..done);
        self.begins.drain(..done);
        self.present_file -= done;
        self.files.push(file);
    }

    /// The file after which nothing is known yet.
    pub(crate) fn last_file(&self) -> Option<&Arc<LogFile>> {
        self.files.last()
    }

    fn pending_or_end(&self) -> Advance {
        if self.expects_more { Advance::Pending } else { Advance::End }
    }

    fn take(&mut self, length: usize, end: LineEnd) -> Advance {
        let start = self.unread.start;
        self.line_position = self.next_position();
        self.line = start..start + length;
        self.end = end;
        self.unread.start = start + length + usize::from(end == LineEnd::Newline);
        Advance::Line
    }

    /// Goes to the next file, if there is one already.
    fn open_next(&mut self) -> io::Result<bool> {
        let Some(file) = self.files.get(self.present_file + 1) else {
            return Ok(false);
        };
        self.reader = Some(FileReader::new(file.clone(), 0)?);
        self.is_loss_told = false;
        self.present_file += 1;
        self.begins.push(self.read_position);
        // A line is cut by the end of its file.
        self.end = LineEnd::Newline;
        self.is_continuation = false;
        Ok(true)
    }

    /// Whether lines at the end of the present file will never be read.
    fn has_lost_its_end(&self) -> bool {
        self.reader.as_ref().is_some_and(FileReader::is_broken) || self.bytes_lost() > 0
    }

    /// Who waits for a log to grow needs no buffer meanwhile.
    fn release_buffer(&mut self) {
        if self.unread.is_empty() && self.buffer.len() > MIN_BUFFER_BYTES {
            self.buffer = Vec::new();
            self.unread = 0..0;
            self.line = 0..0;
        }
    }
}

/// Makes room behind what is unread: moves it to the front, and grows a buffer that is too small
/// for what lies ahead or for the line.
fn make_room(buffer: &mut Vec<u8>, unread: &mut Range<usize>, ahead: u64) {
    if unread.start > 0 {
        buffer.copy_within(unread.clone(), 0);
        *unread = 0..unread.len();
    }
    let ahead = usize::try_from(ahead).unwrap_or(usize::MAX);
    let wanted = unread.len().saturating_add(ahead).clamp(MIN_BUFFER_BYTES, BUFFER_BYTES);
    if unread.end == buffer.len() || buffer.len() < wanted {
        let grown = wanted.max(2 * buffer.len()).min(BUFFER_BYTES);
        buffer.resize(grown, 0);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::logs::gzip::tests::gzip;

    /// A file with this content, read from an offset on.
    pub(crate) fn chain_of(content: &[u8], start: u64) -> Chain {
        Chain { files: vec![plain(content)], start, starts_clean: start == 0, until: None }
    }

    pub(crate) fn plain(content: &[u8]) -> Arc<LogFile> {
        file(content, false, 0)
    }

    pub(crate) fn file(content: &[u8], compressed: bool, run: u64) -> Arc<LogFile> {
        if compressed { stored(&gzip(content), true, run) } else { stored(content, false, run) }
    }

    /// A compressed file whose checksum was cut off.
    pub(crate) fn broken(content: &[u8]) -> Arc<LogFile> {
        let mut compressed = gzip(content);
        compressed.truncate(compressed.len() - 8);
        stored(&compressed, true, 0)
    }

    /// A file of just these bytes.
    pub(crate) fn stored(bytes: &[u8], compressed: bool, run: u64) -> Arc<LogFile> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Arc::new(LogFile::new(file, compressed, run).unwrap())
    }

    fn collect(mut lines: PhysicalLines) -> Vec<(u64, Vec<u8>, bool, LineEnd)> {
        let mut all = Vec::new();
        while lines.advance().unwrap() == Advance::Line {
            let line = lines.line();
            all.push((line.position, line.bytes.to_vec(), line.is_continuation, line.end));
        }
        assert_eq!(lines.advance().unwrap(), Advance::End);
        all
    }

    fn lines_of(chain: &Chain) -> Vec<(u64, Vec<u8>, bool, LineEnd)> {
        collect(PhysicalLines::new(chain).unwrap())
    }

    #[test]
    fn a_file_that_was_let_go_before_it_was_read_is_not_passed_over() {
        let long = plain(&b"0123456789\n".repeat(BUFFER_BYTES / 5));
        let chain = Chain::whole(vec![long.clone(), plain(b"next\n")]);
        let mut lines = PhysicalLines::new(&chain).unwrap();
        assert_eq!(lines.advance().unwrap(), Advance::Line);
        long.revoke();
        while lines.advance().unwrap() == Advance::Line {}
        assert_eq!(lines.line().end, LineEnd::EndOfFile);
        assert!(lines.bytes_lost() > 0);
        assert_eq!(lines.advance().unwrap(), Advance::Line);
        assert_eq!(lines.line().bytes, b"next");
        assert_eq!(lines.advance().unwrap(), Advance::End);
    }

    #[test]
    fn a_compressed_file_that_breaks_off_is_read_as_far_as_it_goes() {
        let broken = broken(b"one\ntwo\nthree\n");
        let chain = Chain::whole(vec![plain(b"zero\n"), broken.clone(), plain(b"next\n")]);
        let mut lines = PhysicalLines::new(&chain).unwrap();
        let mut seen = Vec::new();
        loop {
            match lines.advance().unwrap() {
                Advance::Line => {
                    seen.push(String::from_utf8_lossy(lines.line().bytes).into_owned())
                }
                Advance::Lost => seen.push("LOST".to_owned()),
                Advance::Pending | Advance::End => break,
            }
        }
        assert_eq!(seen, ["zero", "one", "two", "three", "LOST", "next"]);
        assert_ne!(broken.fingerprint().unwrap(), 0);
        assert!(broken.has_line_at(4).unwrap());
        assert!(!broken.has_line_at(400).unwrap());
        let foreign = stored(b"nothing compressed", true, 0);
        assert_eq!(foreign.fingerprint().unwrap(), 0);
    }

    #[test]
    fn lines_have_offsets_and_the_last_may_lack_its_newline() {
        let lines = lines_of(&chain_of(b"ab\n\ncd", 0));
        assert_eq!(
            lines,
            [
                (0, b"ab".to_vec(), false, LineEnd::Newline),
                (3, b"".to_vec(), false, LineEnd::Newline),
                (4, b"cd".to_vec(), false, LineEnd::EndOfFile),
            ]
        );
        assert_eq!(lines_of(&chain_of(b"", 0)), []);
    }

    #[test]
    fn a_line_longer_than_the_buffer_comes_in_pieces() {
        let mut content = vec![b'x'; 2 * BUFFER_BYTES + 5];
        content.extend(b"\nend\n");
        let lines = lines_of(&chain_of(&content, 0));
        let shape: Vec<_> = lines.iter().map(|line| (line.1.len(), line.2, line.3)).collect();
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
    fn a_chain_may_begin_anywhere_and_starts_with_a_whole_line() {
        let content = b"ab\ncd\nef\n";
        for (start, first) in [(0, 0), (1, 3), (3, 3), (4, 6), (6, 6)] {
            assert_eq!(lines_of(&chain_of(content, start))[0].0, first, "{start}");
        }
    }

    #[test]
    fn files_follow_each_other_and_a_line_ends_with_its_file() {
        let files = vec![file(b"a\nb", true, 0), plain(b""), plain(b"c\n"), file(b"d\n", true, 0)];
        let lines = lines_of(&Chain::whole(files));
        let seen: Vec<_> = lines.iter().map(|line| (line.0, &line.1[..], line.3)).collect();
        assert_eq!(
            seen,
            [
                (0, &b"a"[..], LineEnd::Newline),
                (2, b"b", LineEnd::EndOfFile),
                (3, b"c", LineEnd::Newline),
                (5, b"d", LineEnd::Newline),
            ]
        );
    }

    #[test]
    fn a_compressed_file_may_be_begun_at_an_offset() {
        let files = vec![file(b"ab\ncd\nef\n", true, 0)];
        let chain = Chain { start: 3, ..Chain::whole(files) };
        assert_eq!(lines_of(&chain)[0].0, 3);
    }

    #[test]
    fn a_file_that_got_shorter_just_ends() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"ab\ncd\n").unwrap();
        let open = Arc::new(LogFile::new(file.try_clone().unwrap(), false, 0).unwrap());
        file.set_len(4).unwrap();
        assert_eq!(lines_of(&Chain::whole(vec![open])).len(), 2);
    }

    proptest! {
        #[test]
        fn all_bytes_come_out_in_order(content in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400)) {
            let mut seen = Vec::new();
            for (offset, bytes, _, end) in lines_of(&chain_of(&content, 0)) {
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
