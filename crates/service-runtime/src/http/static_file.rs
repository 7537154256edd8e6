//! Files that are the same for every request.

use std::io::{self, Read, Write};

use actix_web::{
    HttpRequest,
    http::header::{ACCEPT_ENCODING, AcceptEncoding, Encoding, Header},
    web::Bytes,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// A file, in the forms in which it can be sent. All requests share them.
#[derive(Debug)]
pub struct StaticFile {
    /// The media type.
    pub content_type: String,
    plain: Bytes,
    gzip: Option<Bytes>,
}

impl StaticFile {
    /// A file that is sent as it is.
    #[must_use]
    pub fn plain(content_type: String, plain: Bytes) -> Self {
        Self { content_type, plain, gzip: None }
    }

    /// A file that is there compressed.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn of_gzip(content_type: String, gzip: Bytes) -> io::Result<Self> {
        let mut plain = Vec::new();
        GzDecoder::new(&gzip[..]).read_to_end(&mut plain)?;
        Ok(Self { content_type, plain: plain.into(), gzip: Some(gzip) })
    }

    /// Compresses a file, as far as that goes.
    ///
    /// # Errors
    /// Never in practice: it writes to memory.
    pub fn compressed(content_type: String, plain: Bytes) -> io::Result<Self> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&plain)?;
        let gzip = gzip.finish()?;
        Ok(Self { content_type, plain, gzip: Some(gzip.into()) })
    }

    /// The content, and whether it is compressed with gzip, in a form that a request accepts.
    #[must_use]
    pub fn content_for(&self, request: &HttpRequest) -> (Bytes, bool) {
        match &self.gzip {
            Some(gzip) if accepts_gzip(request) => (gzip.clone(), true),
            _ => (self.plain.clone(), false),
        }
    }

    /// The size in bytes as it is sent to a client that accepts gzip.
    #[must_use]
    pub fn size_when_sent(&self) -> usize {
        self.gzip.as_ref().unwrap_or(&self.plain).len()
    }
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    let is_given = request.headers().contains_key(ACCEPT_ENCODING);
    let accepted = is_given.then(|| AcceptEncoding::parse(request).ok()).flatten();
    let offered = [Encoding::gzip(), Encoding::identity()];
    accepted.is_some_and(|accepted| accepted.negotiate(offered.iter()) == Some(Encoding::gzip()))
}
