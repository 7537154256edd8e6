//! What becomes of the bytes that are received.

use std::time::Duration;

use memchr::memchr;

use super::ApiLines;
use crate::{
    counts::ReadCounts,
    line::{log_run::LogRun, masking::may_hold_token},
    source::kubernetes::{
        api::container_runs::ContainerRun,
        feed::{line_place::stamp_of, line_tracker::LineTracker},
    },
};

impl ApiLines {
    /// Appends the text of lines that come next, newlines included, up to about so many bytes;
    /// maybe none. There is no present line then. How much was appended is the answer.
    pub(crate) fn strip(&mut self, max_bytes: usize, out: &mut Vec<u8>) -> ReadCounts {
        self.present = None;
        let (mut counts, before) = (ReadCounts::default(), out.len());
        let is_possible = self.begun.is_none() && self.until.is_none();
        let first = self.next;
        while is_possible && out.len() - before < max_bytes {
            let rest = &self.buffer[self.next..];
            let Some(end) = memchr(b'\n', rest) else { break };
            let Some((_, stamp)) = stamp_of(&rest[..end]) else { break };
            let text = &rest[stamp..=end];
            if may_hold_token(text) {
                break;
            }
            out.extend_from_slice(text);
            counts.lines += 1;
            self.next += end + 1;
        }
        self.tracker.advance(&self.buffer[first..self.next]);
        self.searched = self.searched.max(self.next);
        counts.bytes = (out.len() - before) as u64;
        counts
    }

    /// Takes bytes that come right behind the last ones.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.bytes_read += bytes.len() as u64;
        self.copy = self.copy.take().and_then(|copy| copy.with(bytes));
        self.buffer.drain(..self.next);
        self.searched -= self.next;
        self.next = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// What has come of a line is lost with what comes before the next one.
    pub(super) fn drop_rest(&mut self) {
        self.buffer.truncate(self.next);
        self.searched = self.next;
        self.begun = None;
        self.has_advanced = true;
        self.tracker.drop_begun();
    }

    /// How long ago the last of the bytes came that the present line is among.
    pub(crate) fn age(&self) -> Duration {
        self.came_at.elapsed()
    }

    /// Goes on with another run.
    pub(super) fn begin_run(&mut self, run: &ContainerRun) {
        self.run = LogRun::new(&self.name.uid, run.restart);
        (self.waits_for, self.unreachable) = (None, None);
        self.tracker = LineTracker::new(run.id, None);
        self.begun = None;
        self.has_advanced = true;
    }
}
