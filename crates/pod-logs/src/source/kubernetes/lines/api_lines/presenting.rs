//! Takes lines out of what was received.

use std::io;

use memchr::memchr;

use super::{ApiLines, PresentLine};
use crate::{
    line::{
        log_line::LineEnding,
        masking::{TokenScan, mask_cut_off, mask_tokens},
        time::LineTime,
    },
    source::kubernetes::feed::line_place::stamp_of,
};

/// The longest part of a line that is given at once, in bytes.
const MAX_PART: usize = 1024 * 1024;
/// How much of a text is shown that is no line, in bytes.
const MAX_SHOWN: usize = 300;

impl ApiLines {
    /// Presents the next line, or a part of a long one, if it is there.
    pub(super) fn find_line(&mut self) -> io::Result<bool> {
        let Some(end) = memchr(b'\n', &self.buffer[self.searched..]) else {
            self.searched = self.buffer.len();
            let is_long = self.searched - self.next > MAX_PART;
            return if is_long { self.present_part(LineEnding::Continued) } else { Ok(false) };
        };
        let end = self.searched + end;
        if self.begun.is_none() && end - self.next > MAX_PART {
            // The line ended in the bytes that made it too long.
            self.searched = end;
            return self.present_part(LineEnding::Continued);
        }
        self.searched = end + 1;
        self.present_line(end)
    }

    /// Presents the line that ends here. It is left out if the reading ends before it.
    fn present_line(&mut self, end: usize) -> io::Result<bool> {
        let start = self.next;
        let (time, content) = self.time_at(start, end)?;
        let is_continuation = self.begun.take().is_some();
        self.tracker.advance(&self.buffer[start..=end]);
        self.next = end + 1;
        let is_excluded =
            self.until.is_some_and(|until| !until.is_inclusive) && self.has_reached_until();
        if is_excluded {
            return Ok(false);
        }
        let masked = mask_tokens(&mut self.buffer[content..end]);
        let ending = LineEnding::Newline;
        self.present =
            Some(PresentLine { time, content: content..end, masked, is_continuation, ending });
        Ok(true)
    }

    /// Presents what has come of a line without its end, if anything.
    pub(super) fn present_rest(&mut self) -> io::Result<bool> {
        if self.rest().is_empty() {
            return Ok(false);
        }
        self.present_part(LineEnding::Unfinished)
    }

    /// Presents the beginning of a line, up to where a token may begin whose end is missing.
    fn present_part(&mut self, ending: LineEnding) -> io::Result<bool> {
        let start = self.next;
        let (time, content) = self.time_at(start, self.buffer.len())?;
        let most = if ending == LineEnding::Continued { content + MAX_PART } else { usize::MAX };
        let mut end = self.searched.max(content).min(most).min(self.buffer.len());
        let is_last = self.end.is_some() || self.is_cut_off;
        if !is_last || ending == LineEnding::Continued {
            let incomplete = TokenScan::of(&self.buffer[content..end]).incomplete;
            end = incomplete.map_or(end, |token| content + token.start);
        }
        if end <= content {
            return Ok(false);
        }
        self.tracker.advance(&self.buffer[start..end]);
        let text = &mut self.buffer[content..end];
        let masked = if self.is_cut_off {
            mask_cut_off(text);
            0
        } else {
            mask_tokens(text)
        };
        let is_continuation = self.begun.is_some();
        (self.next, self.begun) = (end, Some(time));
        if is_last && ending == LineEnding::Unfinished {
            self.begun = None;
        }
        self.present =
            Some(PresentLine { time, content: content..end, masked, is_continuation, ending });
        Ok(true)
    }

    /// The time of the line that begins or goes on here, and where its content does.
    fn time_at(&self, start: usize, end: usize) -> io::Result<(LineTime, usize)> {
        if let Some(time) = self.begun {
            return Ok((time, start));
        }
        match stamp_of(&self.buffer[start..end]) {
            Some((time, length)) => Ok((time, start + length)),
            None => Err(no_line(&self.buffer[start..end])),
        }
    }
}

/// What the kubelet says in the place of a line is about itself, and is for our log alone.
fn no_line(text: &[u8]) -> io::Error {
    let shown = String::from_utf8_lossy(&text[..text.len().min(MAX_SHOWN)]);
    io::Error::other(format!("the API server ends the log with a message: {shown}"))
}
