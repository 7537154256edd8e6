//! Bodies compressed as they are written: each chunk can be read at once, none waits for the next.

use std::io::{self, Write};

use actix_web::{
    HttpRequest,
    http::header::{AcceptEncoding, ContentEncoding, Encoding, Header, Preference, Quality},
};
use brotli::CompressorWriter;
use flate2::{Compression, write::GzEncoder};

/// Chosen for streams of lines: most of the gain at little cost of time and memory.
const GZIP_LEVEL: Compression = Compression::new(4);
const ZSTD_LEVEL: i32 = 1;
const BROTLI_QUALITY: u32 = 3;
/// Windows of 64 KiB, so that a reader costs little memory.
const BROTLI_WINDOW_BITS: u32 = 16;
const ZSTD_WINDOW_BITS: u32 = 16;
const BROTLI_BUFFER_BYTES: usize = 4096;

const ALL: [ContentEncoding; 3] =
    [ContentEncoding::Gzip, ContentEncoding::Zstd, ContentEncoding::Brotli];

/// Compresses a body.
pub(in crate::http) enum BodyEncoder {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(zstd::Encoder<'static, Vec<u8>>),
}

/// The encoding that the caller wants most of those there are; `None` for none.
pub(in crate::http) fn accepted_encoding(request: &HttpRequest) -> Option<ContentEncoding> {
    let mut accepted = AcceptEncoding::parse(request).ok()?;
    let refused = accepted.0.extract_if(.., |accepted| accepted.quality == Quality::ZERO);
    let refused: Vec<_> = refused.map(|accepted| accepted.item).collect();
    let is_refused = |encoding| refused.contains(&Preference::Specific(Encoding::Known(encoding)));
    accepted.ranked().into_iter().find_map(|wanted| match wanted {
        Preference::Specific(Encoding::Known(encoding)) => match encoding {
            ContentEncoding::Gzip | ContentEncoding::Brotli | ContentEncoding::Zstd => {
                Some(Some(encoding))
            }
            ContentEncoding::Identity => Some(None),
            _ => None,
        },
        // Anything goes: then as it is, unless just that is refused.
        Preference::Any if is_refused(ContentEncoding::Identity) => {
            ALL.into_iter().find(|encoding| !is_refused(*encoding)).map(Some)
        }
        _ => None,
    })?
}

impl BodyEncoder {
    /// `None` where there is nothing to do.
    ///
    /// # Errors
    /// When the encoder cannot be set up.
    pub(in crate::http) fn new(encoding: Option<ContentEncoding>) -> io::Result<Option<Self>> {
        Ok(match encoding {
            Some(ContentEncoding::Gzip) => Some(Self::Gzip(GzEncoder::new(Vec::new(), GZIP_LEVEL))),
            Some(ContentEncoding::Brotli) => Some(Self::Brotli(Box::new(CompressorWriter::new(
                Vec::new(),
                BROTLI_BUFFER_BYTES,
                BROTLI_QUALITY,
                BROTLI_WINDOW_BITS,
            )))),
            Some(ContentEncoding::Zstd) => {
                let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.window_log(ZSTD_WINDOW_BITS)?;
                Some(Self::Zstd(encoder))
            }
            _ => None,
        })
    }

    /// Compresses a chunk so that all of it can be read from what comes out.
    pub(in crate::http) fn encode(&mut self, chunk: &[u8]) -> io::Result<Vec<u8>> {
        let writer: &mut dyn Write = match self {
            Self::Gzip(encoder) => encoder,
            Self::Brotli(encoder) => encoder,
            Self::Zstd(encoder) => encoder,
        };
        writer.write_all(chunk)?;
        writer.flush()?;
        Ok(std::mem::take(match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        }))
    }

    /// What marks the end of the body.
    pub(in crate::http) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use actix_web::test::TestRequest;

    use super::*;

    /// As much as can be read of a body that may go on.
    fn decode(encoding: ContentEncoding, body: &[u8]) -> Vec<u8> {
        let mut decoder: Box<dyn Read> = match encoding {
            ContentEncoding::Gzip => Box::new(flate2::read::GzDecoder::new(body)),
            ContentEncoding::Brotli => Box::new(brotli::Decompressor::new(body, 4096)),
            _ => Box::new(zstd::Decoder::new(body).unwrap()),
        };
        let (mut decoded, mut byte) = (Vec::new(), [0]);
        while let Ok(1) = decoder.read(&mut byte) {
            decoded.push(byte[0]);
        }
        decoded
    }

    #[test]
    fn each_chunk_can_be_read_before_the_next_comes() {
        for encoding in ALL {
            let mut encoder = BodyEncoder::new(Some(encoding)).unwrap().unwrap();
            let mut body = encoder.encode(b"line 1\n").unwrap();
            assert_eq!(decode(encoding, &body), b"line 1\n", "{encoding:?}");
            body.extend(encoder.encode(b"line 2\n").unwrap());
            body.extend(encoder.finish().unwrap());
            assert_eq!(decode(encoding, &body), b"line 1\nline 2\n", "{encoding:?}");
        }
    }

    #[track_caller]
    fn check(accept: &str, expected: Option<ContentEncoding>) {
        let request =
            TestRequest::get().insert_header(("accept-encoding", accept)).to_http_request();
        assert_eq!(accepted_encoding(&request), expected, "{accept}");
    }

    #[test]
    fn the_preferred_supported_encoding_is_chosen() {
        check("gzip", Some(ContentEncoding::Gzip));
        check("gzip, br;q=0.5", Some(ContentEncoding::Gzip));
        check("br;q=1.0, gzip;q=0.8, *;q=0.1", Some(ContentEncoding::Brotli));
        check("zstd", Some(ContentEncoding::Zstd));
        check("identity, gzip;q=0.5", None);
        check("gzip;q=0", None);
        check("deflate", None);
        check("*", None);
        check("identity;q=0, *", Some(ContentEncoding::Gzip));
        check("identity;q=0, gzip;q=0, *;q=0.1", Some(ContentEncoding::Zstd));
        assert_eq!(accepted_encoding(&TestRequest::get().to_http_request()), None);
    }
}
