//! Pieces on their way to become lines.

use super::{
    JOIN_GAP_BYTES, JOIN_SPAN_BYTES, LogicalLines, MAX_RECORD_BYTES,
    pieces::{ContinuedPiece, EmittedBeginning, LineHead, LongRecord, PresentLine},
};
use crate::{
    line::{log_line::LineEnding, stream::OutputStream, time::LineTime},
    source::files::{
        format::entry::LogEntry,
        lines::physical_line::{Advance, PhysicalEnd},
    },
};

impl LogicalLines {
    /// After a line that lacks its newline at the end of a file: what is no line by itself is its
    /// rest; otherwise it was whole.
    pub(crate) fn join_cut_line(&mut self, head: LineHead) {
        let piece = self.physical.line();
        if LogEntry::parse(piece.bytes).is_some() {
            self.piece_waits = true;
            self.take_joined(head);
            self.end_line(head, PresentLine::Joined { head, ending: LineEnding::Newline });
            return;
        }
        let end = piece.end;
        if end == PhysicalEnd::Continued {
            let LineHead { time, stream, .. } = head;
            self.continued = Some(ContinuedPiece { time, stream, partial: false });
        }
        self.join(head, None, end == PhysicalEnd::Newline, end);
    }

    /// Takes the present physical line as a line, a piece of one, or nothing.
    pub(crate) fn take_piece(&mut self) {
        let piece = self.physical.line();
        let (position, end) = (piece.position, piece.end);
        if piece.is_continuation {
            if let Some(ContinuedPiece { time, stream, partial }) = self.continued {
                let head = self.head(time, stream, position);
                self.join(head, None, end != PhysicalEnd::Continued && !partial, end);
            } else if self.record.is_some() {
                self.gather();
            }
            return;
        }
        self.record = None;
        if let Some(ContinuedPiece { stream, partial: false, .. }) = self.continued.take() {
            // Its end never came.
            self.streams[stream as usize].given = None;
            if let Some(head) = self.kept_end(stream) {
                self.piece_waits = true;
                self.take_joined(head);
                self.end_line(head, PresentLine::Joined { head, ending: LineEnding::Newline });
                return;
            }
        }
        if end == PhysicalEnd::Continued && piece.bytes.starts_with(b"{") {
            let bytes = piece.bytes.to_vec();
            self.record = Some(LongRecord { position, length: bytes.len(), bytes });
        } else if let Some(entry) = LogEntry::parse(piece.bytes) {
            self.take_entry(&entry, position, end);
        }
    }

    /// Adds the present piece to the record that it belongs to. At its end it is a line, a piece of
    /// one, or nothing; or lost, if it is too long to be read.
    fn gather(&mut self) {
        let (piece, Some(record)) = (self.physical.line(), &mut self.record) else { return };
        let end = piece.end;
        record.length += piece.bytes.len();
        match record.length <= MAX_RECORD_BYTES {
            true => record.bytes.extend_from_slice(piece.bytes),
            false => record.bytes = Vec::new(),
        }
        if end == PhysicalEnd::Continued {
            return;
        }
        let Some(record) = self.record.take() else { return };
        if record.length > MAX_RECORD_BYTES {
            self.lost_record = Some(record.length as u64);
            self.loss_waits = true;
        } else if let Some(entry) = LogEntry::parse(&record.bytes) {
            self.take_entry(&entry, record.position, end);
        }
    }

    /// Takes what was written at once as a line, or a piece of one.
    fn take_entry(&mut self, entry: &LogEntry, position: u64, end: PhysicalEnd) {
        if self.only.is_some_and(|only| only != entry.stream) {
            return;
        }
        let (time, stream, partial) = (entry.time, entry.stream, entry.partial);
        let state = &mut self.streams[stream as usize];
        if state.open.is_none() && !state.before.is_begun_at(position) {
            state.before.end();
        }
        let head = self.head(time, stream, position);
        if end == PhysicalEnd::Continued {
            self.continued = Some(ContinuedPiece { time, stream, partial });
        }
        if end == PhysicalEnd::EndOfFile && !partial {
            self.join(head, Some(entry), false, end);
            self.torn = self.streams[stream as usize].open;
            return;
        }
        let is_whole = end != PhysicalEnd::Continued && !partial;
        match entry.content_start() {
            Some(content_start) if is_whole && self.is_given_as_it_is(stream, content_start) => {
                let ending = ending_of(end);
                self.end_line(head, PresentLine::InFile { head, content_start, ending });
            }
            _ => self.join(head, Some(entry), is_whole, end),
        }
    }

    fn head(&self, time: LineTime, stream: OutputStream, position: u64) -> LineHead {
        let state = &self.streams[stream as usize];
        let is_certain = position >= state.certain_from;
        let time = state.given.map_or(time, |given| given.time);
        LineHead { time, stream, position, is_certain, is_continuation: state.given.is_some() }
    }

    /// Adds a piece (the present physical line, or what it was decoded to) to the line that is
    /// open, or opens one.
    fn join(&mut self, piece: LineHead, entry: Option<&LogEntry>, is_last: bool, end: PhysicalEnd) {
        let line = self.physical.line();
        let content = entry.map_or(line.bytes, |entry| entry.content(line.bytes));
        let piece_end = self.physical.next_position();
        let state = &mut self.streams[piece.stream as usize];
        let head = *state.open.get_or_insert(piece);
        state.content.extend_from_slice(content);
        state.last_end = piece_end;
        if !head.is_certain {
            state.certain_from = state.last_end + JOIN_GAP_BYTES;
        }
        if is_last {
            self.take_joined(head);
            self.end_line(head, PresentLine::Joined { head, ending: ending_of(end) });
        } else if state.last_end - head.position > JOIN_SPAN_BYTES && self.take_beginning(head) {
            self.note_given(head, head.position);
            self.present_line(head, PresentLine::Joined { head, ending: LineEnding::Continued });
        } else {
            self.note_abandoned();
        }
    }

    /// Presents an open line whose next piece did not come near enough, if one is open and not
    /// only the rest of one is missing.
    pub(crate) fn present_abandoned(&mut self) {
        let open = self.streams.iter_mut().filter(|state| state.is_begun());
        if let Some(state) = open.min_by_key(|state| state.last_end) {
            state.given = None;
            if let Some(head) = state.open {
                self.take_joined(head);
                self.present_line(head, PresentLine::Joined { head, ending: LineEnding::Newline });
            }
        }
        self.note_abandoned();
    }

    /// Presents the unfinished lines at the end of the log, in the order in which they began.
    pub(crate) fn close_unfinished(&mut self) -> Advance {
        let Some(head) = self.open_beyond(0).min_by_key(|head| head.position) else {
            return Advance::End;
        };
        self.take_joined(head);
        self.present_line(head, PresentLine::Joined { head, ending: LineEnding::Unfinished });
        match self.present {
            PresentLine::None => self.close_unfinished(),
            _ => Advance::Line,
        }
    }

    /// The open lines that are written beyond this position.
    pub(super) fn open_beyond(&self, position: u64) -> impl Iterator<Item = LineHead> {
        let open = self.streams.iter().filter(move |state| state.last_end > position);
        open.filter_map(|state| state.open)
    }

    /// Says that the beginning of a line was given out, and where to begin reading to go on behind
    /// it.
    pub(crate) fn note_given(&mut self, head: LineHead, begin: u64) {
        if head.is_certain {
            let given = &mut self.streams[head.stream as usize].given;
            given.get_or_insert(EmittedBeginning { time: head.time, begin });
            self.note_abandoned();
        }
    }

    pub(super) fn note_abandoned(&mut self) {
        let open = self.streams.iter().filter(|state| state.is_begun());
        let first = open.map(|state| state.last_end + JOIN_GAP_BYTES).min();
        self.give_up_at = first.unwrap_or(u64::MAX);
    }

    /// Presents a line that is finished: the next piece of the stream certainly begins one.
    fn end_line(&mut self, head: LineHead, present: PresentLine) {
        self.present_line(head, present);
        let state = &mut self.streams[head.stream as usize];
        (state.certain_from, state.given) = (0, None);
    }

    /// Presents a line, unless it may be only the end of one.
    pub(super) fn present_line(&mut self, head: LineHead, present: PresentLine) {
        if head.is_certain {
            self.present = present;
        } else {
            self.dropped += 1;
        }
    }
}

/// How a line ends whose last piece ends so.
fn ending_of(end: PhysicalEnd) -> LineEnding {
    if end == PhysicalEnd::Newline { LineEnding::Newline } else { LineEnding::Unfinished }
}
