//! Events of a watch: an object in JSON a line.

use bytes::Bytes;
use memchr::memchr;
use serde::Deserialize;
use serde_json::Value;

/// The longest event, in bytes.
const MAX_EVENT: usize = 4 * 1024 * 1024;

/// An event of a watch.
#[derive(Debug, Deserialize)]
pub(super) struct WatchEvent {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) object: Value,
}

/// Takes events out of the bytes of a body.
#[derive(Debug, Default)]
pub(super) struct EventReader(Vec<u8>);

/// The body is no watch.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoEvent {
    #[error("an event of the API server cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("an event of the API server is too long")]
    TooLong,
}

impl EventReader {
    /// The events that are whole with these bytes.
    pub(super) fn take(&mut self, bytes: &Bytes) -> Result<Vec<WatchEvent>, NoEvent> {
        self.0.extend_from_slice(bytes);
        let (mut events, mut start) = (Vec::new(), 0);
        while let Some(end) = memchr(b'\n', &self.0[start..]) {
            let line = &self.0[start..start + end];
            if !line.trim_ascii().is_empty() {
                events.push(serde_json::from_slice(line)?);
            }
            start += end + 1;
        }
        self.0.drain(..start);
        if self.0.len() > MAX_EVENT { Err(NoEvent::TooLong) } else { Ok(events) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_may_come_in_any_pieces() {
        let body =
            b"{\"type\":\"ADDED\",\"object\":{\"a\":1}}\n{\"type\":\"BOOKMARK\",\"object\":{}}\n";
        for length in 1..body.len() {
            let mut reader = EventReader::default();
            let pieces = body.chunks(length).map(Bytes::copy_from_slice);
            let events: Vec<_> = pieces.flat_map(|piece| reader.take(&piece).unwrap()).collect();
            let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
            assert_eq!(kinds, ["ADDED", "BOOKMARK"], "{length}");
        }
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let mut reader = EventReader::default();
        assert!(matches!(reader.take(&"<html>\n".into()), Err(NoEvent::Unreadable(_))));
        let mut reader = EventReader::default();
        assert!(matches!(reader.take(&vec![b' '; MAX_EVENT + 1].into()), Err(NoEvent::TooLong)));
    }
}
