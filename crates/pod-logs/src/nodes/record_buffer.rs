//! The bytes of a node's stream, line by line.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

/// The longest record, in bytes. A line has at most 1 MiB, of which a byte takes six in JSON at most.
const MAX_RECORD_BYTES: usize = 7 * 1024 * 1024;

/// A record is longer than any that a node writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// Holds what was received and not looked at yet: at most a record and what was received last.
#[derive(Debug, Default)]
pub(super) struct RecordBuffer {
    /// The beginning of a record that was received in several pieces.
    begun: BytesMut,
    received: Bytes,
}

impl RecordBuffer {
    /// Appends received bytes. The caller has taken all whole records before.
    pub(super) fn push(&mut self, bytes: Bytes) {
        let rest = std::mem::replace(&mut self.received, bytes);
        self.begun.extend_from_slice(&rest);
    }

    /// The next whole record, without its newline.
    ///
    /// # Errors
    /// When it is too long, whether or not all of it was received.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, TooLong> {
        let end = memchr(b'\n', &self.received);
        let length = self.begun.len() + end.unwrap_or(self.received.len());
        if length > MAX_RECORD_BYTES {
            return Err(TooLong);
        }
        let Some(end) = end else {
            return Ok(None);
        };
        let rest = self.received.split_to(end);
        self.received.advance(1);
        if self.begun.is_empty() {
            return Ok(Some(rest));
        }
        let mut record = std::mem::take(&mut self.begun);
        record.extend_from_slice(&rest);
        Ok(Some(record.freeze()))
    }

    /// Forgets what was received.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(buffer: &mut RecordBuffer) -> Vec<Bytes> {
        std::iter::from_fn(|| buffer.next().unwrap()).collect()
    }

    #[test]
    fn a_record_that_never_ends_is_too_long() {
        let mut buffer = RecordBuffer::default();
        let piece = Bytes::from(vec![b'x'; MAX_RECORD_BYTES / 2]);
        for _ in 0..2 {
            buffer.push(piece.clone());
            assert_eq!(buffer.next(), Ok(None));
        }
        buffer.push(piece);
        assert_eq!(buffer.next(), Err(TooLong));
    }

    proptest! {
        #[test]
        fn records_are_the_same_however_they_are_received(
            records in prop::collection::vec("[a-z]{0,5}", 0..8),
            cuts in prop::collection::vec(0_usize..40, 0..6),
        ) {
            let body: Vec<u8> = records.iter().flat_map(|one| format!("{one}\n").into_bytes()).collect();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
            cuts.push(body.len());
            cuts.sort_unstable();
            let (mut buffer, mut at, mut found) = (RecordBuffer::default(), 0, Vec::new());
            for cut in cuts {
                buffer.push(Bytes::copy_from_slice(&body[at..cut]));
                found.extend(all(&mut buffer));
                at = cut;
            }
            prop_assert_eq!(found, records);
        }
    }
}
