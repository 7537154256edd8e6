//! A copy of what was received, to be read again.

/// A copy of what was received.
#[derive(Debug)]
pub(super) struct ReceivedCopy {
    bytes: Vec<u8>,
    max: usize,
}

impl ReceivedCopy {
    /// A copy that is given up when it is longer than this, in bytes.
    pub(super) fn of_at_most(max: usize) -> Self {
        Self { bytes: Vec::new(), max }
    }

    /// The copy with these bytes; `None` if it is too long then.
    pub(super) fn with(mut self, bytes: &[u8]) -> Option<Self> {
        self.bytes.extend_from_slice(bytes);
        (self.bytes.len() <= self.max).then_some(self)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
