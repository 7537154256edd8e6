//! Lines whose end is not written yet.

use std::io;

use super::{
    LogicalLines,
    pieces::{ContinuedPiece, LineHead, PresentLine},
};
use crate::{
    line::{
        log_line::{LineEnding, UnfinishedLine},
        stream::OutputStream,
        time::LineTime,
    },
    source::files::{
        format::entry::LogEntry,
        lines::physical_line::{Advance, PhysicalEnd},
    },
};

impl LogicalLines {
    /// Gives out the lines that are not finished, as they are: nothing came for a while. A record
    /// that cannot be read before its end is there is held. To be called when the next line is
    /// pending.
    pub(crate) fn flush(&mut self) -> io::Result<Advance> {
        let is_held = self.physical.bytes_read() <= self.held_until;
        if !is_held && self.unfinished_piece().is_some() {
            self.physical.give_unfinished(true);
            let advanced = self.advance();
            self.physical.give_unfinished(false);
            match advanced? {
                Advance::Pending => {}
                advanced => return Ok(advanced),
            }
        }
        let mut open: Vec<_> = self.open_beyond(self.held_until).collect();
        open.sort_by_key(|head| head.position);
        let given = open.into_iter().any(|head| self.present_beginning(head));
        Ok(if given { Advance::Line } else { Advance::Pending })
    }

    /// Presents what may be given of a line that is not finished. Whether that is anything is the
    /// answer.
    fn present_beginning(&mut self, head: LineHead) -> bool {
        let is_torn = self.torn.is_some_and(|torn| torn.stream == head.stream);
        let is_held = is_torn && !self.is_cut_off && self.may_end_in_token(head);
        if is_held || !self.take_beginning(head) {
            return false;
        }
        self.present_line(head, PresentLine::Joined { head, ending: LineEnding::Unfinished });
        let state = &self.streams[head.stream as usize];
        let is_at_end = self.physical.line().end == PhysicalEnd::Newline && state.open.is_none();
        let begin = if is_at_end { state.last_end } else { head.position };
        if self.present.unfinished().is_some() && !is_torn {
            self.note_given(head, begin);
        }
        !matches!(self.present, PresentLine::None)
    }

    /// The time and stream of what has been written of the next piece, if that can be read already.
    fn unfinished_piece(&self) -> Option<(LineTime, OutputStream)> {
        let is_rest = self.physical.line().end == PhysicalEnd::Continued;
        let bytes = self.physical.unfinished();
        let (time, stream) = match self.continued {
            Some(ContinuedPiece { time, stream, .. }) if is_rest => (time, stream),
            _ if is_rest => return None,
            _ => LogEntry::parse_unfinished(bytes).map(|entry| (entry.time, entry.stream))?,
        };
        let is_wanted = self.only.is_none_or(|only| only == stream);
        (is_wanted && !bytes.is_empty()).then_some((time, stream))
    }

    /// When the next line is pending: the lines that were begun.
    pub(crate) fn unfinished_lines(&self) -> impl Iterator<Item = UnfinishedLine> {
        let piece = self.unfinished_piece();
        self.streams.iter().zip([OutputStream::Stdout, OutputStream::Stderr]).filter_map(
            move |(state, of)| {
                let piece = piece.filter(|(_, stream)| *stream == of);
                let time = state.open.map(|head| head.time).or(piece.map(|(time, _)| time))?;
                let end = piece.map_or(state.last_end, |_| self.physical.bytes_read());
                Some(UnfinishedLine { time, end })
            },
        )
    }

    /// Whether the beginnings of all lines that are open are known.
    pub(crate) fn knows_what_is_open(&self) -> bool {
        self.streams.iter().all(|state| state.open.is_none_or(|head| head.is_certain))
    }

    /// What was written up to here is not given out before its line is finished.
    pub(crate) fn hold_until(&mut self, position: u64) {
        self.held_until = self.held_until.max(position);
    }
}
