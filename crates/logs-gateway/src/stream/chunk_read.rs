//! Reads of chunks, which hand the reading from task to task.

use std::io;

use pod_logs::{CHUNK_BYTES, LogReading, Progress, ReadingCost};
use tokio::{sync::OwnedSemaphorePermit, task::JoinHandle};

use crate::scans::{ScanError, is_little};

/// A chunk on its way, and the place it takes among those that may be read ahead.
pub(super) struct ReadAhead {
    pub(super) read: JoinHandle<Result<ChunkRead, ScanError>>,
    _place: OwnedSemaphorePermit,
}

impl ReadAhead {
    pub(super) fn new(
        read: JoinHandle<Result<ChunkRead, ScanError>>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { read, _place: place }
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.read.abort();
    }
}

/// A reading, the chunk that it wrote, and how far it has come.
pub(super) type ChunkRead = (LogReading, Vec<u8>, io::Result<Progress>);

/// Room for the first chunk of a log of this cost: for all of a small one, so that it is not moved
/// again and again while it is written.
pub(super) fn first_chunk(cost: ReadingCost) -> Vec<u8> {
    let little = usize::try_from(cost.stored_bytes).ok().filter(|_| is_little(cost));
    Vec::with_capacity(little.unwrap_or_default())
}

/// Reads the next chunk, and gives the reading back.
pub(super) fn read_chunk(mut source: LogReading) -> ChunkRead {
    // As much as it will hold, so that it is not moved to twice the space on the way.
    let mut chunk = match is_little(source.cost_ahead()) {
        true => Vec::new(),
        false => Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8),
    };
    let progress = source.write_chunk(&mut chunk);
    (source, chunk, progress)
}

/// Appends how far a reading has come, if its form has words for that.
pub(super) fn append_progress(source: &LogReading, chunk: &mut Vec<u8>) {
    let before = chunk.len();
    if let Err(error) = source.write_progress(chunk) {
        // The next reading will fail as well, and end the body.
        tracing::debug!(%error, "cannot tell how far a log was read");
        chunk.truncate(before);
    }
}

/// Reads lines that are not finished, and gives the reading back.
pub(super) fn read_unfinished(mut source: LogReading) -> ChunkRead {
    let mut chunk = Vec::new();
    let progress = source.write_unfinished(&mut chunk);
    (source, chunk, progress)
}

/// Reads what is left to give where nothing more is read, and gives the reading back.
pub(super) fn read_rest(mut source: LogReading) -> ChunkRead {
    let mut chunk = Vec::new();
    let progress = source.write_rest(&mut chunk);
    (source, chunk, progress)
}
