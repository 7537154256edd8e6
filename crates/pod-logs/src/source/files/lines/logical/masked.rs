//! Joined lines, their tokens masked. What is given of a line that goes on ends before anything that
//! may be the beginning of a token.

use std::mem;

use super::{
    LogicalLines,
    pieces::{LineHead, StreamState},
};
use crate::line::{
    masking::{IncompleteToken, TokenScan, mask_tokens_behind, may_hold_token},
    stream::OutputStream,
};

impl LogicalLines {
    /// Whether a whole line, the present physical line, is given as it stands in the file.
    pub(super) fn is_given_as_it_is(&self, stream: OutputStream, content_start: usize) -> bool {
        let state = &self.streams[stream as usize];
        let is_alone = state.open.is_none() && state.before.text.is_empty();
        let content = &self.physical.line().bytes[content_start..];
        is_alone && !(self.is_masked && may_hold_token(content))
    }

    /// Moves the open line of the head's stream to where the present line is.
    pub(super) fn take_joined(&mut self, head: LineHead) {
        self.torn = self.torn.filter(|torn| torn.stream != head.stream);
        let state = &mut self.streams[head.stream as usize];
        state.open = None;
        mem::swap(&mut self.joined, &mut state.content);
        state.content.clear();
        if self.is_masked {
            self.masked = mask_tokens_behind(&state.before.text, &mut self.joined);
        }
        state.before.end();
        self.note_abandoned();
    }

    /// Moves the beginning of an open line there, up to where a token may begin: the line stays
    /// open from there. Whether there is anything to take is the answer.
    pub(super) fn take_beginning(&mut self, head: LineHead) -> bool {
        let state = &mut self.streams[head.stream as usize];
        let Some(token) = state.token_at_end().filter(|_| head.is_certain) else {
            self.take_joined(head);
            return true;
        };
        if self.is_cut_off {
            self.take_joined(head);
            self.joined[token.secret..].fill(b'*');
            return true;
        }
        if token.start == 0 {
            return false;
        }
        let kept = state.content.split_off(token.start);
        self.take_joined(head);
        let state = &mut self.streams[head.stream as usize];
        state.content = kept;
        state.open = Some(LineHead { position: state.last_end, is_continuation: true, ..head });
        self.note_abandoned();
        true
    }

    /// Says that nothing more is read, though the log goes on: all of a line that is not finished
    /// is given then, and what may be the beginning of a token is masked.
    pub(crate) fn cut_off(&mut self) {
        self.is_cut_off = true;
    }

    /// Whether the text of an open line, so far, may end with the beginning of a token.
    pub(super) fn may_end_in_token(&self, head: LineHead) -> bool {
        self.streams[head.stream as usize].token_at_end().is_some()
    }

    /// The end of a line that was kept when its beginning was given.
    pub(super) fn kept_end(&self, stream: OutputStream) -> Option<LineHead> {
        self.streams[stream as usize].open.filter(|open| open.is_continuation)
    }
}

impl StreamState {
    /// Where the open line's end may be the beginning of a token.
    fn token_at_end(&self) -> Option<IncompleteToken> {
        let before = &self.before.text;
        let IncompleteToken { start, secret } = match before.is_empty() {
            true => TokenScan::of(&self.content).incomplete?,
            false => TokenScan::of(&[&before[..], &self.content].concat()).incomplete?,
        };
        let [start, secret] = [start, secret].map(|at| at.saturating_sub(before.len()));
        Some(IncompleteToken { start, secret })
    }
}
