//! Reads log files from front to back.

use std::{
    io::{self, Read},
    sync::Arc,
};

use super::{extract_reader::ExtractReader, gzip::GzipReader, log_file::LogFile};
use crate::{cost::ReadingCost, pace};

/// Reads a [`LogFile`] from front to back, decompressed.
#[derive(Debug)]
pub(crate) enum FileReader {
    Plain(StoredReader),
    Gzip(Box<GzipReader<StoredReader>>),
    /// Only what may matter to a search.
    Extract(Box<ExtractReader>),
}

impl FileReader {
    /// Begins at an offset of the content. A compressed file is read up to there.
    pub(crate) fn new(file: Arc<LogFile>, offset: u64) -> io::Result<Self> {
        if !file.is_compressed() {
            return Ok(Self::Plain(StoredReader { file, offset }));
        }
        let mut content = GzipReader::new(StoredReader::new(file));
        content.skip(offset)?;
        Ok(Self::Gzip(Box::new(content)))
    }

    /// Reads on. 0 at the end, which of a file that is not complete is only the present end, and
    /// of a broken one is where it breaks off.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        pace::step()?;
        match self {
            Self::Plain(stored) => stored.read(buffer),
            Self::Gzip(content) => content.read(buffer),
            Self::Extract(extract) => extract.read(buffer),
        }
    }

    /// Goes behind content that does not matter, if such comes next, and gives its size in bytes.
    /// To be called where a line begins.
    pub(crate) fn skip_hole(&mut self) -> u64 {
        match self {
            Self::Plain(_) | Self::Gzip(_) => 0,
            Self::Extract(extract) => extract.skip_hole(),
        }
    }

    /// Whether the content broke off before its end: it was compressed, and cannot be decompressed.
    pub(crate) fn is_broken(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Gzip(content) => content.is_broken(),
            Self::Extract(extract) => extract.rest().is_broken(),
        }
    }

    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        ReadingCost {
            stored_bytes: self.stored_bytes_ahead(),
            is_compressed: match self {
                Self::Plain(_) => false,
                Self::Gzip(_) => true,
                Self::Extract(extract) => extract.rest().cost_ahead().is_compressed,
            },
        }
    }

    /// How much of the stored file lies ahead, in bytes.
    pub(crate) fn stored_bytes_ahead(&self) -> u64 {
        let stored = match self {
            Self::Plain(stored) => stored,
            Self::Gzip(content) => content.stored(),
            Self::Extract(extract) => return extract.rest().stored_bytes_ahead(),
        };
        stored.file.stored_bytes().saturating_sub(stored.offset)
    }
}

/// The bytes of a file as they are stored.
#[derive(Debug)]
pub(crate) struct StoredReader {
    file: Arc<LogFile>,
    offset: u64,
}

impl StoredReader {
    /// Reads from the beginning.
    pub(super) fn new(file: Arc<LogFile>) -> Self {
        Self { file, offset: 0 }
    }
}

impl Read for StoredReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Much that is stored may be decompressed to nothing.
        pace::step()?;
        let read = self.file.read_stored(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
