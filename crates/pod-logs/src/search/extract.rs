//! What of a file has to be looked at line by line.

use std::{collections::VecDeque, io, sync::Arc};

use memchr::{memchr, memrchr};

use super::block_search::BlockSearch;
use crate::source::files::{
    lines::logical::JOIN_GAP_BYTES,
    storage::{file_reader::FileReader, log_file::LogFile},
};

/// How much is looked at together, in bytes.
const BLOCK_BYTES: usize = 256 * 1024;
/// How much is extracted at most, in bytes: what comes after it is read when its turn comes.
const MAX_EXTRACT_BYTES: usize = 2 * 1024 * 1024;

/// The lines of a file that may matter to a search, and the rest of the file.
///
/// After a line that has to be looked at come as many others as may belong to it, and so do the
/// first lines of the file: a line of the file before may go on there.
#[derive(Debug)]
pub(crate) struct FileExtract {
    pub(crate) pieces: VecDeque<ExtractPiece>,
    /// What comes behind the last piece.
    pub(crate) rest: FileReader,
}

/// Lines that follow each other in the file.
#[derive(Debug, Default)]
pub(crate) struct ExtractPiece {
    /// How much was passed over before them, in bytes of the content.
    pub(crate) hole: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Extracts until enough was found, the file ends, or nothing is wanted any more.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn extract(
    file: Arc<LogFile>,
    search: &BlockSearch,
    is_wanted: impl Fn() -> bool,
) -> io::Result<FileExtract> {
    let mut extractor = Extractor {
        search,
        pieces: VecDeque::from([ExtractPiece::default()]),
        extracted: 0,
        position: 0,
        kept_until: JOIN_GAP_BYTES,
    };
    let mut rest = FileReader::new(file, 0)?;
    let mut block = Vec::new();
    while is_wanted() && extractor.extracted < MAX_EXTRACT_BYTES {
        let unread = block.len();
        block.resize(unread + BLOCK_BYTES, 0);
        let read = rest.read(&mut block[unread..])?;
        block.truncate(unread + read);
        let lines = memrchr(b'\n', &block).map_or(0, |newline| newline + 1);
        extractor.take_lines(&block[..lines]);
        block.drain(..lines);
        if read == 0 || block.len() > BLOCK_BYTES {
            break;
        }
    }
    // The beginning of a line whose rest comes later.
    extractor.keep(&block);
    Ok(FileExtract { pieces: extractor.pieces, rest })
}

struct Extractor<'a> {
    search: &'a BlockSearch,
    pieces: VecDeque<ExtractPiece>,
    extracted: usize,
    /// In bytes of the content.
    position: u64,
    /// Lines that begin before are kept, whatever they are.
    kept_until: u64,
}

impl Extractor<'_> {
    fn take_lines(&mut self, mut lines: &[u8]) {
        while !lines.is_empty() {
            if self.position >= self.kept_until {
                let idle = self.search.idle_bytes(lines);
                self.pass_over(idle);
                lines = &lines[idle..];
            }
            let line = &lines[..memchr(b'\n', lines).map_or(lines.len(), |newline| newline + 1)];
            if !self.search.is_idle(line) {
                self.kept_until = self.position + line.len() as u64 + JOIN_GAP_BYTES;
            }
            self.keep(line);
            lines = &lines[line.len()..];
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if let Some(piece) = self.pieces.back_mut() {
            piece.bytes.extend_from_slice(bytes);
        }
        self.position += bytes.len() as u64;
        self.extracted += bytes.len();
    }

    fn pass_over(&mut self, bytes: usize) {
        self.position += bytes as u64;
        match self.pieces.back_mut() {
            _ if bytes == 0 => {}
            Some(piece) if piece.bytes.is_empty() => piece.hole += bytes as u64,
            _ => self.pieces.push_back(ExtractPiece { hole: bytes as u64, bytes: Vec::new() }),
        }
    }
}
