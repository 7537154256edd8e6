//! Lines as they stand in files, found in a buffer of bounded size.

use std::{io, mem, ops::Range, sync::Arc};

use memchr::{memchr, memrchr};
use tokio::sync::watch;

use crate::{
    cost::ReadingCost,
    source::files::{
        follow::{followed_log::NextFile, following::Following},
        storage::{chain::Chain, file_reader::FileReader, log_file::LogFile},
    },
};

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
    /// Where the log goes on after the last file, if it is followed.
    following: Option<Following>,
    /// It went on in files that it did not begin with.
    has_gone_on: bool,
    /// Nothing comes after the last file, although the log is followed.
    has_ended: bool,
    /// How much was lost, in bytes, until it is asked for; 0 if that is not known.
    lost_bytes: u64,
    buffer: Vec<u8>,
    /// What of the buffer was read from the file and lies behind the present line.
    unread: Range<usize>,
    /// The position behind the last byte in the buffer.
    read_position: u64,
    /// The present line in the buffer.
    line: Range<usize>,
    line_position: u64,
    /// Where the present line begins, whichever of its pieces is the present one.
    line_begin: u64,
    is_continuation: bool,
    end: PhysicalEnd,
    /// Reads as the kubelet does: NUL bytes are part of lines, and a gap between two runs of the
    /// container is one of the earlier run.
    is_exact: bool,
    /// How many NUL bytes were skipped before the next line.
    skipped_nuls: u64,
    /// Gives out the beginning of a line that is not finished.
    is_impatient: bool,
}

impl PhysicalLines {
    /// Walks from the first line on that begins in the chain. Positions count from the beginning
    /// of the chain's first file.
    ///
    /// NUL bytes before a line are skipped: a power loss leaves them, and so does a file that was
    /// truncated while its writer went on at its old place.
    pub(crate) fn new(chain: &Chain) -> io::Result<Self> {
        Self::begin(chain, false)
    }

    /// The same, just as the kubelet reads: NUL bytes are part of lines.
    pub(crate) fn exact(chain: &Chain) -> io::Result<Self> {
        Self::begin(chain, true)
    }

    fn begin(chain: &Chain, is_exact: bool) -> io::Result<Self> {
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
            following: None,
            has_gone_on: false,
            has_ended: false,
            lost_bytes: 0,
            buffer: Vec::new(),
            unread: 0..0,
            read_position: start,
            line: 0..0,
            line_position: 0,
            line_begin: 0,
            is_continuation: false,
            end: PhysicalEnd::Newline,
            is_exact,
            skipped_nuls: 0,
            is_impatient: false,
        };
        if in_middle {
            while lines.advance()? == Advance::Line && lines.end == PhysicalEnd::Continued {}
            lines.is_loss_told = false;
        }
        Ok(lines)
    }

    /// Goes to the next line.
    pub(crate) fn advance(&mut self) -> io::Result<Advance> {
        self.is_continuation = self.end == PhysicalEnd::Continued;
        let mut searched = 0;
        loop {
            if !self.is_exact && searched == 0 && !self.is_continuation {
                self.skip_nuls();
            }
            let unread = &self.buffer[self.unread.clone()];
            if let Some(newline) = memchr(b'\n', &unread[searched..]) {
                return Ok(self.take(searched + newline, PhysicalEnd::Newline));
            }
            searched = unread.len();
            if searched >= BUFFER_BYTES {
                return Ok(self.take(searched, PhysicalEnd::Continued));
            }
            let Some(reader) = &mut self.reader else {
                let is_followed = self.following.is_some();
                return Ok(if is_followed { Advance::Pending } else { Advance::End });
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
                return Ok(self.take(searched, PhysicalEnd::EndOfFile));
            }
            if is_complete {
                if self.has_lost_its_end() && !self.is_loss_told {
                    self.is_loss_told = true;
                    self.lost_bytes = self.revoked_bytes();
                    return Ok(Advance::Lost);
                }
                if !self.open_next()?
                    && let Some(advance) = self.go_on()?
                {
                    return Ok(advance);
                }
            } else if self.is_impatient && searched > 0 {
                return Ok(self.take(searched, PhysicalEnd::Continued));
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

    /// Where the present line begins, whichever of its pieces is the present one.
    pub(crate) fn line_begin(&self) -> u64 {
        self.line_begin
    }

    /// When the next line is pending: what has been written of it, or of the rest of a line whose
    /// last piece is [`Continued`](PhysicalEnd::Continued).
    pub(crate) fn unfinished(&self) -> &[u8] {
        &self.buffer[self.unread.clone()]
    }

    /// The whole lines that have been read and come next, as they stand in the file, up to so many
    /// bytes. None while the rest of a long line comes first.
    pub(crate) fn whole_lines(&self, max_bytes: usize) -> &[u8] {
        if self.end == PhysicalEnd::Continued {
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
        self.read_position - self.unread.len() as u64 - self.skipped_nuls
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

    /// The cost of reading the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        let present = self.reader.as_ref().map(FileReader::cost_ahead);
        let later = self.files.iter().skip(self.present_file + 1).map(|file| file.cost());
        let next = self.following.iter().zip(self.files.last());
        let next = next.map(|(following, last)| following.cost_after(last));
        present.into_iter().chain(later).chain(next).sum()
    }

    /// How much was lost, in bytes, after [`Advance::Lost`]. `None` where that is not known.
    pub(crate) fn take_lost_bytes(&mut self) -> Option<u64> {
        Some(mem::take(&mut self.lost_bytes)).filter(|bytes| *bytes > 0)
    }

    /// How much of the present file will never be read, in bytes, because its readers were
    /// stopped.
    fn revoked_bytes(&self) -> u64 {
        match self.files.get(self.present_file) {
            Some(file) if file.is_revoked() => {
                self.reader.as_ref().map_or(0, FileReader::stored_bytes_ahead)
            }
            _ => 0,
        }
    }

    /// Goes on where the log does, after the last file.
    pub(crate) fn follow(&mut self, following: Option<Following>) {
        self.following = following;
    }

    /// Reports changes of the log, if it is followed.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.following.as_ref().map(Following::changes)
    }

    /// Whether files are read that came after those it began with.
    pub(crate) fn has_gone_on(&self) -> bool {
        self.has_gone_on
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

    /// At the end of the last file: opens the one that the log goes on in and gives `None`, unless
    /// there is something to tell.
    fn go_on(&mut self) -> io::Result<Option<Advance>> {
        let Some(following) = self.following.as_ref().filter(|_| !self.has_ended) else {
            return Ok(Some(Advance::End));
        };
        let Some(last) = self.files.last() else {
            return Ok(Some(Advance::Pending));
        };
        let (next, is_after_gap) = match following.log.next_after(last) {
            NextFile::File(next) => (next, false),
            NextFile::AfterGap(next) => (next, true),
            NextFile::Wait => return Ok(Some(Advance::Pending)),
            NextFile::Ended => {
                self.has_ended = true;
                return Ok(Some(Advance::End));
            }
        };
        if next.run != last.run && !following.through_runs {
            self.has_ended = true;
            let is_loss = is_after_gap && self.is_exact;
            return Ok(Some(if is_loss { Advance::Lost } else { Advance::End }));
        }
        self.append(next);
        self.has_gone_on = true;
        self.open_next()?;
        Ok(is_after_gap.then_some(Advance::Lost))
    }

    fn take(&mut self, length: usize, end: PhysicalEnd) -> Advance {
        let start = self.unread.start;
        self.line_position = self.next_position();
        self.skipped_nuls = 0;
        if !self.is_continuation {
            self.line_begin = self.line_position;
        }
        self.line = start..start + length;
        self.end = end;
        self.unread.start = start + length + usize::from(end == PhysicalEnd::Newline);
        Advance::Line
    }

    fn skip_nuls(&mut self) {
        let unread = &self.buffer[self.unread.clone()];
        let nuls = unread.iter().take_while(|byte| **byte == 0).count();
        self.unread.start += nuls;
        self.skipped_nuls += nuls as u64;
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
        self.end = PhysicalEnd::Newline;
        self.is_continuation = false;
        self.skipped_nuls = 0;
        Ok(true)
    }

    /// Whether lines at the end of the present file will never be read.
    fn has_lost_its_end(&self) -> bool {
        self.reader.as_ref().is_some_and(FileReader::is_broken) || self.revoked_bytes() > 0
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
pub(crate) mod tests;
