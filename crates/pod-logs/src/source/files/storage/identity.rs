//! What a log file is known by, however it is named or compressed.

use std::{
    io::{self, BufReader, Read},
    sync::Arc,
};

use flate2::bufread::MultiGzDecoder;

use super::{
    file_reader::{FileReader, StoredReader},
    head::FileHead,
    log_file::LogFile,
};

/// How much of a stored file is read for its beginning at most, in bytes. What is compressed may
/// have no first line however much of it is decompressed.
const MAX_STORED_HEAD_BYTES: u64 = 256 * 1024;

impl LogFile {
    /// Whether both are the same log, one of them maybe renamed or compressed.
    pub(crate) fn is_same_log(self: &Arc<Self>, other: &Arc<Self>) -> io::Result<bool> {
        if self.is_same_inode(other) {
            return Ok(true);
        }
        Ok(self.run == other.run && self.head()?.is_of_same_log(&other.head()?))
    }

    /// A checksum of the content's first line, by which a file is known again after it was renamed
    /// and compressed. 0 while the line is not whole and may become so, and in an empty file.
    pub(crate) fn fingerprint(self: &Arc<Self>) -> io::Result<u32> {
        let head = self.head()?;
        Ok(if head.is_whole() || self.is_complete() { head.checksum() } else { 0 })
    }

    /// Whether the first line is whole, so that what the file is known by will not change.
    pub(crate) fn begins_whole(self: &Arc<Self>) -> bool {
        self.head().is_ok_and(|head| head.is_whole())
    }

    /// How the content begins. Reads a bounded part of the file, once.
    pub(crate) fn head(self: &Arc<Self>) -> io::Result<FileHead> {
        if let Some(head) = self.known_head() {
            return Ok(head);
        }
        let stored = StoredReader::new(self.clone()).take(MAX_STORED_HEAD_BYTES);
        let head = match self.is_compressed() {
            false => FileHead::read(stored)?,
            true => FileHead::read(MultiGzDecoder::new(BufReader::new(stored)))?,
        };
        self.set_head(head);
        Ok(head)
    }

    /// Whether a line begins, or could begin, at the offset of the content.
    pub(crate) fn has_line_at(self: &Arc<Self>, offset: u64) -> io::Result<bool> {
        let Some(before) = offset.checked_sub(1) else {
            return Ok(true);
        };
        let mut byte = [0];
        let read = FileReader::new(self.clone(), before)?.read(&mut byte)?;
        Ok(read == 1 && byte == *b"\n")
    }
}
