//! Room in the buffer.

use std::ops::Range;

use super::{BUFFER_BYTES, MIN_BUFFER_BYTES, PhysicalLines};

/// How much is read at once of each of several logs, in bytes.
const LITTLE_BYTES: u64 = 32 * 1024;

impl PhysicalLines {
    /// Reads less at once, and so holds less: there are other logs.
    pub(crate) fn read_little(&mut self) {
        self.read_ahead = LITTLE_BYTES;
    }
}

/// Makes room behind what is unread: moves it to the front, and grows a buffer that is too small
/// for what lies ahead or for the line.
pub(super) fn make_room(buffer: &mut Vec<u8>, unread: &mut Range<usize>, ahead: u64) {
    if unread.start > 0 {
        buffer.copy_within(unread.clone(), 0);
        *unread = 0..unread.len();
    }
    let ahead = usize::try_from(ahead).unwrap_or(usize::MAX);
    let wanted = unread.len().saturating_add(ahead).clamp(MIN_BUFFER_BYTES, BUFFER_BYTES);
    if unread.end == buffer.len() || buffer.len() < wanted {
        let grown = wanted.max(2 * buffer.len()).min(BUFFER_BYTES);
        buffer.resize(grown, 0);
    }
}
