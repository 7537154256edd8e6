//! Reads what was extracted of a file, and then the rest of the file.

use std::io;

use super::file_reader::FileReader;
use crate::search::extract::{ExtractPiece, FileExtract};

/// Reads a [`FileExtract`] from front to back.
#[derive(Debug)]
pub(crate) struct ExtractReader {
    extract: FileExtract,
    /// How much of the first piece was read, in bytes.
    read: usize,
}

impl ExtractReader {
    pub(crate) fn new(extract: FileExtract) -> Self {
        Self { extract, read: 0 }
    }

    /// Reads on, at most to the next hole.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.extract.pieces.front() else {
            return self.extract.rest.read(buffer);
        };
        let bytes = &piece.bytes[self.read..];
        if bytes.is_empty() && self.extract.pieces.len() == 1 {
            self.extract.pieces.clear();
            return self.extract.rest.read(buffer);
        }
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        self.read += length;
        Ok(length)
    }

    /// Goes behind the hole that comes next, and gives its size in bytes.
    pub(super) fn skip_hole(&mut self) -> u64 {
        let pieces = &mut self.extract.pieces;
        let is_read = |piece: &ExtractPiece| piece.bytes.len() == self.read;
        if pieces.len() > 1 && pieces.front().is_some_and(is_read) {
            pieces.pop_front();
            self.read = 0;
        }
        // Counted once.
        pieces.front_mut().map_or(0, |piece| std::mem::take(&mut piece.hole))
    }

    /// What is read behind the extract.
    pub(super) fn rest(&self) -> &FileReader {
        &self.extract.rest
    }
}
