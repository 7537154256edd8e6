//! The event stream of a node, which may send anything.

#[cfg(test)]
mod event_stream_tests;

use std::mem;

use bytes::Bytes;
use memchr::memchr;

/// The longest event, in bytes. A pod with a hundred containers has less.
const MAX_EVENT_BYTES: usize = 256 * 1024;

/// An event: its name and its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StreamEvent {
    pub(super) name: Vec<u8>,
    pub(super) data: Vec<u8>,
}

/// An event is longer than any of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {MAX_EVENT_BYTES} bytes")]
pub(super) struct EventTooLong;

/// Splits bytes into events, as a gateway writes them: a line `event:` and a line `data:` each, and
/// an empty line at the end. Other lines are comments.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    /// The beginning of a line.
    line: Vec<u8>,
    event: PartialEvent,
}

#[derive(Debug, Default)]
struct PartialEvent {
    name: Vec<u8>,
    data: Vec<u8>,
}

impl EventReader {
    /// The events that end in these bytes.
    ///
    /// # Errors
    /// When an event is too long.
    pub(super) fn read(&mut self, bytes: &Bytes) -> Result<Vec<StreamEvent>, EventTooLong> {
        let (mut events, mut rest) = (Vec::new(), &bytes[..]);
        while let Some(end) = memchr(b'\n', rest) {
            self.extend_line(&rest[..end])?;
            rest = &rest[end + 1..];
            let line = mem::take(&mut self.line);
            events.extend(self.event.take_line(line.trim_ascii_end()));
        }
        self.extend_line(rest)?;
        Ok(events)
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), EventTooLong> {
        let length = self.event.data.len() + self.line.len() + bytes.len();
        if length > MAX_EVENT_BYTES {
            return Err(EventTooLong);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }
}

impl PartialEvent {
    /// The event that this line ends.
    fn take_line(&mut self, line: &[u8]) -> Option<StreamEvent> {
        if line.is_empty() {
            let Self { name, data } = mem::take(self);
            return (!name.is_empty()).then_some(StreamEvent { name, data });
        }
        if let Some(name) = line.strip_prefix(b"event:") {
            self.name = name.trim_ascii().to_vec();
        } else if let Some(data) = line.strip_prefix(b"data:") {
            self.data = data.trim_ascii().to_vec();
        }
        None
    }
}
