//! Lines as the container meant them: pieces joined, per stream.
//!
//! A runtime splits a long line into partial pieces, and pieces of stdout and stderr may stand
//! between each other. A joined line stands where its last piece stands and has the time of its
//! first. Two bounds keep memory small, and a line's beginning near: a piece more than
//! [`JOIN_GAP_BYTES`] of file after the one before begins a line of its own, and a line that spans
//! more than [`JOIN_SPAN_BYTES`] is given out in parts.
//!
//! Lines in neither format are passed over, as the kubelet passes over them.

mod joining;
mod losses;
mod masked;
#[cfg(test)]
mod masked_tests;
mod pieces;
pub(crate) mod resumption;
mod searching;
mod stripping;
#[cfg(test)]
pub(crate) mod tests;
mod unfinished;

use std::{io, sync::Arc};

use tokio::sync::watch;

use self::{
    pieces::{ContinuedPiece, LineHead, LongRecord, PresentLine, StreamState},
    resumption::FileResumption,
};
use super::{
    look_back::tokens_before,
    physical::PhysicalLines,
    physical_line::{Advance, PhysicalEnd},
};
use crate::{
    cost::ReadingCost,
    line::{log_line::LogLine, stream::OutputStream},
    search::block_search::BlockSearch,
    source::files::{
        follow::following::Following,
        storage::chain::{FileChain, Until},
    },
};

/// How much of the file may lie between two pieces of a line, in bytes.
pub(crate) const JOIN_GAP_BYTES: u64 = 64 * 1024;
/// How much of the file a line, or a part of one, may span before it is given out, in bytes.
const JOIN_SPAN_BYTES: u64 = 1024 * 1024;
/// The longest record of Docker's that is held until its end is there, in bytes. Docker splits
/// lines, so its own records have at most 96 KiB of text.
const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// Walks the lines of a [`FileChain`]: [`advance`](Self::advance), then look at
/// [`line`](Self::line).
#[derive(Debug)]
pub(crate) struct LogicalLines {
    physical: PhysicalLines,
    /// Where the lines end in the last file, if that is before its end.
    until: Option<Until>,
    /// Only lines of this stream, if of one only.
    only: Option<OutputStream>,
    /// Passes over lines that are not looked for.
    search: Option<Arc<BlockSearch>>,
    streams: [StreamState; 2],
    /// What the rest of the physical line belongs to; `None` while one is passed over.
    continued: Option<ContinuedPiece>,
    /// The beginning of a record that is longer than the buffer.
    record: Option<LongRecord>,
    /// A whole line without its newline at the end of a file: its rest may be at the beginning of
    /// the next one.
    torn: Option<LineHead>,
    /// The physical line waits because a line had to be given up before it.
    piece_waits: bool,
    /// Lines were lost behind the last piece, and those that are open end before.
    loss_waits: bool,
    /// How much a record had, in bytes, that was too long.
    lost_record: Option<u64>,
    /// What was written up to here is not given out unfinished.
    held_until: u64,
    /// From this offset on a line must be given up; `u64::MAX` if none is open.
    give_up_at: u64,
    present: PresentLine,
    /// The present line's content, where it is not in the file as such.
    joined: Vec<u8>,
    /// How many tokens are masked in it.
    masked: u64,
    /// Tokens are masked.
    is_masked: bool,
    /// Nothing more is read, though the log goes on.
    is_cut_off: bool,
    /// How many lines were dropped because they may have begun before the chain.
    dropped: u64,
    /// At this offset a line from before the chain cannot be open any more.
    all_seen_from: u64,
    /// Where the last piece is that was looked at.
    last_position: u64,
    /// Which run of the container it is from.
    run: u64,
}

impl LogicalLines {
    /// The lines that begin in the chain. If it begins in the middle of a log, the rest of a line
    /// that began before it does not count as one.
    pub(crate) fn new(chain: &FileChain, only: Option<OutputStream>) -> io::Result<Self> {
        let physical = PhysicalLines::new(chain)?;
        let all_seen_from = match chain.starts_clean {
            true => 0,
            false => physical.next_position() + JOIN_GAP_BYTES,
        };
        // What a cursor begins with has no token before it that goes on.
        let before = if chain.start == 0 { tokens_before(chain)? } else { Default::default() };
        let stream =
            |before| StreamState { certain_from: all_seen_from, before, ..StreamState::default() };
        Ok(Self {
            run: physical.run(),
            physical,
            until: chain.until,
            only,
            search: None,
            streams: before.map(stream),
            continued: None,
            record: None,
            torn: None,
            piece_waits: false,
            loss_waits: false,
            lost_record: None,
            held_until: 0,
            give_up_at: u64::MAX,
            present: PresentLine::None,
            joined: Vec::new(),
            masked: 0,
            is_masked: chain.is_masked,
            is_cut_off: false,
            dropped: 0,
            all_seen_from,
            last_position: 0,
        })
    }

    /// Goes to the next line.
    pub(crate) fn advance(&mut self) -> io::Result<Advance> {
        let advanced = self.find_next()?;
        if self.until.is_some() && advanced == Advance::Line && self.is_beyond() {
            self.present = PresentLine::None;
            return Ok(Advance::End);
        }
        Ok(advanced)
    }

    fn find_next(&mut self) -> io::Result<Advance> {
        self.present = PresentLine::None;
        while matches!(self.present, PresentLine::None) {
            if self.loss_waits {
                return Ok(self.close_before_loss());
            }
            if !self.piece_waits {
                self.pass_over_idle_lines();
                match self.physical.advance()? {
                    Advance::Line => {}
                    Advance::Pending => return Ok(Advance::Pending),
                    Advance::Lost => {
                        self.loss_waits = true;
                        continue;
                    }
                    Advance::End => return Ok(self.close_unfinished()),
                }
            }
            self.process_piece();
        }
        Ok(Advance::Line)
    }

    /// The present line; `None` before the first and after the last.
    pub(crate) fn line(&self) -> Option<LogLine<'_>> {
        let (head, content, masked, ending) = match self.present {
            PresentLine::None => return None,
            PresentLine::InFile { head, content_start, ending } => {
                (head, &self.physical.line().bytes[content_start..], 0, ending)
            }
            PresentLine::Joined { head, ending } => (head, &self.joined[..], self.masked, ending),
        };
        let LineHead { time, stream, is_continuation, .. } = head;
        Some(LogLine { time, stream, content, masked, is_continuation, ending })
    }

    /// Where to go on behind the present line. `None` if that lies in a file that was let go.
    pub(crate) fn resumption(&self) -> Option<FileResumption> {
        let waits = self.piece_waits.then(|| self.physical.line().position);
        let seen = waits.unwrap_or_else(|| self.physical.next_position());
        let open = self.streams.iter().filter_map(|state| state.open);
        // A reading cannot go on in the middle of a piece, so a line that ends there counts as
        // open.
        let end = self.physical.line().end;
        let torn = self.present.unfinished().filter(|_| end != PhysicalEnd::Newline);
        let open = open.chain(torn).map(|head| head.position);
        let given = self.streams.iter().filter_map(|state| Some(state.given?.begin));
        let piece = (end == PhysicalEnd::Continued).then(|| self.physical.line_begin());
        let begin = open.chain(given).chain(piece).min().unwrap_or(seen).min(seen);
        if begin == seen {
            let seen = self.physical.known_place_of(seen)?;
            return Some(FileResumption { open_from: None, seen });
        }
        Some(FileResumption {
            open_from: Some(self.physical.place_of(begin)?),
            seen: self.physical.place_of(seen)?,
        })
    }

    /// Whether the present line lies behind the end.
    fn is_beyond(&self) -> bool {
        let (Some(until), Some(present)) = (&self.until, self.resumption()) else {
            return false;
        };
        let last_file = self.physical.last_file();
        let is_in_last = last_file.is_some_and(|last| Arc::ptr_eq(last, &present.seen.file));
        is_in_last && until.is_before(present.mark())
    }

    /// How many lines were dropped so far because they may have begun before the chain.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether no line from before the chain can be missing at or after the present one: one that
    /// was left open there would have been given up by now.
    pub(crate) fn has_seen_all(&self) -> bool {
        self.last_position >= self.all_seen_from
    }

    /// Goes on where the log does, after the last file.
    pub(crate) fn follow(&mut self, following: Option<Following>) {
        self.physical.follow(following);
    }

    /// Lets go of the files. Nothing more is read.
    pub(crate) fn close(&mut self) {
        self.present = PresentLine::None;
        self.physical.close();
    }

    /// The number of the run of the present line; without one, of the run that the reading has come
    /// to.
    pub(crate) fn run(&self) -> u64 {
        let has_nothing_open = self.give_up_at == u64::MAX;
        match self.present {
            PresentLine::None if has_nothing_open => self.physical.run(),
            _ => self.run,
        }
    }

    /// Whether the log has ended because its directory was removed.
    pub(crate) fn is_gone(&self) -> bool {
        self.physical.is_gone()
    }

    /// Reports changes of the log, if it is followed.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.physical.changes()
    }

    /// Whether files are read that came after those it began with.
    pub(crate) fn has_advanced(&self) -> bool {
        self.physical.has_advanced()
    }

    /// How much has been read, in bytes of the files' content.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.physical.bytes_read()
    }

    /// The cost of reading the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        self.physical.cost_ahead()
    }

    /// A physical line may be a line or a piece of one; or first an open line has to be given up,
    /// because it is too far away or from an earlier run.
    fn process_piece(&mut self) {
        self.last_position = self.physical.line().position;
        let is_new_run = self.physical.run() != self.run;
        self.piece_waits =
            self.give_up_at != u64::MAX && (is_new_run || self.last_position >= self.give_up_at);
        if self.piece_waits {
            self.present_abandoned();
            return;
        }
        if is_new_run {
            self.run = self.physical.run();
            self.forget_open_lines();
        }
        match self.torn.take() {
            Some(head) => self.join_cut_line(head),
            None => self.take_piece(),
        }
    }
}
