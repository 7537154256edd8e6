//! The content of a compressed file, as far as it can be read.
//!
//! The kubelet does not sync what it compresses, so a full disk or a power loss leaves files that
//! are empty, cut off or overwritten.

use std::io::{self, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use crate::pace;

/// How much of the stored file is read at once, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Decompresses a file of one or several members (RFC 1952). What cannot be decompressed ends the
/// content early; bytes behind a whole member that begin no other one are ignored, as gzip itself
/// ignores them.
#[derive(Debug)]
pub(crate) struct GzipReader<R> {
    decoder: MultiGzDecoder<BufReader<R>>,
    /// The file begins with the header of a member.
    has_header: bool,
    /// Nothing more can be read: the content ended, or broke off.
    is_ended: bool,
    is_broken: bool,
}

impl<R: Read> GzipReader<R> {
    /// Reads the first member's header. If that fails, so does the first read.
    pub(crate) fn new(stored: R) -> Self {
        let decoder = MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, stored));
        let has_header = decoder.header().is_some();
        Self { decoder, has_header, is_ended: false, is_broken: false }
    }

    /// Reads on. 0 at the end of what can be decompressed.
    ///
    /// # Errors
    /// When the stored bytes cannot be read.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_ended || buffer.is_empty() {
            return Ok(0);
        }
        let read = match self.decoder.read(buffer) {
            Err(error) if is_of_content(&error) => {
                // There is no header only before the first member, or where another might begin.
                self.is_broken = self.decoder.header().is_some() || !self.has_header;
                0
            }
            read => read?,
        };
        self.is_ended = read == 0;
        Ok(read)
    }

    /// Reads past so many bytes of content, or to its end.
    ///
    /// # Errors
    /// When the stored bytes cannot be read.
    pub(crate) fn skip(&mut self, mut bytes: u64) -> io::Result<()> {
        let mut buffer = [0; 8 * 1024];
        while bytes > 0 {
            // Little that is stored may be decompressed to much.
            pace::step()?;
            let wanted = usize::try_from(bytes).unwrap_or(usize::MAX).min(buffer.len());
            match self.read(&mut buffer[..wanted])? {
                0 => break,
                read => bytes -= read as u64,
            }
        }
        Ok(())
    }

    /// Whether the content broke off before its end.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    pub(crate) fn stored(&self) -> &R {
        self.decoder.get_ref().get_ref()
    }
}

/// Whether the decoder failed, and not the reading of what it decodes.
fn is_of_content(error: &io::Error) -> bool {
    let kinds = [ErrorKind::InvalidInput, ErrorKind::InvalidData, ErrorKind::UnexpectedEof];
    error.raw_os_error().is_none() && kinds.contains(&error.kind())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// What can be read, and whether it broke off.
    fn read(stored: &[u8]) -> (Vec<u8>, bool) {
        let mut reader = GzipReader::new(stored);
        let (mut content, mut buffer) = (Vec::new(), [0; 100]);
        loop {
            match reader.read(&mut buffer).unwrap() {
                0 => return (content, reader.is_broken()),
                read => content.extend_from_slice(&buffer[..read]),
            }
        }
    }

    #[test]
    fn gzip_members_are_joined_and_trailing_bytes_ignored() {
        let members = [gzip(b"one"), gzip(b""), gzip(b"two")].concat();
        for trailing in [&b""[..], b"\0", &[0; 600], b"x", b"\x1f\x8b\x07 not a member at all"] {
            let stored = [&members[..], trailing].concat();
            assert_eq!(read(&stored), (b"onetwo".to_vec(), false), "{trailing:?}");
        }
    }

    #[test]
    fn a_truncated_file_is_read_as_far_as_it_goes() {
        let content: Vec<u8> = (0_u32..100_000).flat_map(u32::to_be_bytes).collect();
        let stored = gzip(&content);
        for kept in [10, 11, 1000, stored.len() / 2, stored.len() - 9, stored.len() - 1] {
            let (seen, is_broken) = read(&stored[..kept]);
            assert!(is_broken && content.starts_with(&seen), "{kept}");
            assert!(kept < 1000 || !seen.is_empty(), "{kept}");
        }
        let mut changed = stored.clone();
        let checksum = changed.len() - 8;
        changed[checksum] ^= 1;
        assert_eq!(read(&changed), (content, true));
        let second_is_cut = [gzip(b"one"), stored[..1000].to_vec()].concat();
        assert!(read(&second_is_cut).1);
    }

    #[test]
    fn bytes_that_cannot_be_read_are_an_error() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("not wanted any more"))
            }
        }
        assert!(GzipReader::new(Failing).read(&mut [0]).is_err());
        let stored = gzip(b"content");
        let mut reader = GzipReader::new(stored[..12].chain(Failing));
        assert!((0..9).any(|_| reader.read(&mut [0; 100]).is_err()));
        assert!(!reader.is_broken());
    }

    #[test]
    fn an_uncompressed_file_has_no_content() {
        for foreign in [&b""[..], b"\x1f", b"\x1f\x8b\x08", b"2026-11-01T10:00:00Z stdout F x\n"] {
            assert_eq!(read(foreign), (Vec::new(), true), "{foreign:?}");
        }
    }
}
