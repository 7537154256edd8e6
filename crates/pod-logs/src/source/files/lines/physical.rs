//! Lines as they stand in files, found in a buffer of bounded size.

mod next_files;
mod room;
#[cfg(test)]
pub(crate) mod tests;

use std::{io, ops::Range, sync::Arc};

use memchr::{memchr, memrchr};

use self::room::make_room;
use super::physical_line::{Advance, PhysicalEnd, PhysicalLine, PlaceInFile};
use crate::{
    cost::ReadingCost,
    search::ahead::SearchesAhead,
    source::files::{
        follow::following::Following,
        storage::{chain::FileChain, file_reader::FileReader, log_file::LogFile},
    },
};

/// How much is read at once at most, in bytes. A line is whole if it fits.
const BUFFER_BYTES: usize = 256 * 1024;
/// The smallest buffer, in bytes.
const MIN_BUFFER_BYTES: usize = 8 * 1024;

/// Walks the lines of a [`FileChain`]: [`advance`](Self::advance), then look at
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
    /// Searches in the files that come next.
    ahead: Option<SearchesAhead>,
    /// Where the log goes on after the last file, if it is followed.
    following: Option<Following>,
    /// It went on in files that it did not begin with.
    has_advanced: bool,
    /// Nothing comes after the last file, although the log is followed.
    has_ended: bool,
    /// It has ended because its directory was removed.
    is_gone: bool,
    /// How much was lost, in bytes, until it is asked for; 0 if that is not known.
    lost_bytes: u64,
    buffer: Vec<u8>,
    /// How much is read beyond a line at most, in bytes.
    read_ahead: u64,
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
    gives_unfinished: bool,
}

impl PhysicalLines {
    /// Walks from the first line on that begins in the chain. Positions count from the beginning
    /// of the chain's first file.
    ///
    /// NUL bytes before a line are skipped: a power loss leaves them, and so does a file that was
    /// truncated while its writer went on at its old place.
    pub(crate) fn new(chain: &FileChain) -> io::Result<Self> {
        Self::begin(chain, false)
    }

    /// The same, just as the kubelet reads: NUL bytes are part of lines.
    pub(crate) fn exact(chain: &FileChain) -> io::Result<Self> {
        Self::begin(chain, true)
    }

    fn begin(chain: &FileChain, is_exact: bool) -> io::Result<Self> {
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
            ahead: None,
            following: None,
            has_advanced: false,
            has_ended: false,
            is_gone: false,
            lost_bytes: 0,
            buffer: Vec::new(),
            read_ahead: BUFFER_BYTES as u64,
            unread: 0..0,
            read_position: start,
            line: 0..0,
            line_position: 0,
            line_begin: 0,
            is_continuation: false,
            end: PhysicalEnd::Newline,
            is_exact,
            skipped_nuls: 0,
            gives_unfinished: false,
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
            if self.unread.is_empty() {
                self.read_position += reader.skip_hole();
            }
            let ahead = reader.stored_bytes_ahead().min(self.read_ahead);
            make_room(&mut self.buffer, &mut self.unread, ahead);
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
                    && let Some(advance) = self.advance_file()?
                {
                    return Ok(advance);
                }
            } else if self.gives_unfinished && searched > 0 {
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
    pub(crate) fn place_of(&self, position: u64) -> Option<PlaceInFile> {
        // Where nothing was read from a file yet, the place is the end of the one before: an empty
        // file has nothing to be known by.
        let is_behind = |begin: &u64| *begin <= position && *begin < self.read_position;
        let index = self.begins.iter().rposition(is_behind).unwrap_or(0);
        let offset = position.checked_sub(*self.begins.get(index)?)?;
        Some(PlaceInFile { file: self.files.get(index)?.clone(), offset })
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

    /// Whether the beginning of a line that is not finished is given out, as a piece.
    pub(crate) fn give_unfinished(&mut self, unfinished: bool) {
        self.gives_unfinished = unfinished;
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

    /// Frees the buffer while the reader waits for the log to grow.
    fn release_buffer(&mut self) {
        if self.unread.is_empty() {
            self.buffer = Vec::new();
            self.unread = 0..0;
            self.line = 0..0;
        }
    }
}
