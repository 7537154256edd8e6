//! The end of a file that is followed, held in memory.

use std::{fs::File, io, os::unix::fs::FileExt};

/// How much of what was written last is held for followers, in bytes.
const MAX_RECENT_BYTES: usize = 256 * 1024;

/// The bytes last written to a file that is followed. They are read from the file once, however
/// many followers read up to there.
#[derive(Debug, Default)]
pub(super) struct RecentBytes {
    offset: u64,
    bytes: Vec<u8>,
}

impl RecentBytes {
    /// Reads the bytes between two offsets; nothing if they are too many to hold, so that each
    /// reader reads for itself.
    pub(super) fn read(file: &File, from: u64, to: u64) -> io::Result<Self> {
        let length = usize::try_from(to - from).unwrap_or(usize::MAX);
        if length > MAX_RECENT_BYTES {
            return Ok(Self::default());
        }
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, from)?;
        Ok(Self { offset: from, bytes })
    }

    /// All of a file.
    pub(super) fn whole(bytes: &[u8]) -> Self {
        Self { offset: 0, bytes: bytes.to_vec() }
    }

    /// Copies what is held from the offset on. `None` if the offset is not held.
    pub(super) fn copy_to(&self, buffer: &mut [u8], offset: u64) -> Option<usize> {
        let bytes = self.from(offset)?;
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        Some(length)
    }

    /// What is held from the offset on. `None` if the offset is not held.
    pub(super) fn from(&self, offset: u64) -> Option<&[u8]> {
        let start = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        self.bytes.get(start..).filter(|bytes| !bytes.is_empty())
    }
}
