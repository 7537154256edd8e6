//! An entry of the queue before the thread that writes.

use super::event::ReadEvent;

/// Longer than most lines, in bytes.
const LINE_BYTES: usize = 768;

/// An entry of the audit queue.
#[derive(Debug)]
pub(crate) enum AuditEntry {
    /// Serialised on the thread of the request: the writer then frees one buffer instead of many
    /// strings of another thread.
    Line(Vec<u8>),
    /// A refusal. Repeats are gathered.
    Denied(ReadEvent),
}

impl AuditEntry {
    /// The line of an event that does not repeat.
    pub(super) fn line_of(event: &ReadEvent) -> Self {
        let mut line = Vec::with_capacity(LINE_BYTES);
        event.write_to(&mut line);
        Self::Line(line)
    }
}
