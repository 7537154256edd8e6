//! Where the body of a request ends: after its length, or after its last chunk (RFC 9112, 6 and 7).

use actix_http::RequestHead;
use actix_web::http::{Method, header};
use memchr::memchr;

/// The part of a request's body that the server has not been given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum BodyRest {
    #[default]
    Nothing,
    /// So many bytes.
    Bytes(u64),
    /// Chunks, up to an empty one.
    Chunks(ChunkPart),
    /// All bytes to the end of the connection.
    Endless,
}

/// The part of a chunked body to which the next byte belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChunkPart {
    /// The size of a chunk, of which these digits were read.
    Size(u64),
    /// The rest of the line with this size.
    AfterSize(u64),
    /// So many bytes of data.
    Data(u64),
    /// The end of the line behind the data.
    AfterData,
    /// The fields after the last chunk. An empty line ends them.
    Trailer { is_empty_line: bool },
}

impl BodyRest {
    /// The whole body, as the server reads this head.
    pub(crate) fn of(head: &RequestHead) -> Self {
        let value = |name| head.headers().get(name)?.to_str().ok();
        let is = |name, text: &str| {
            value(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(text))
        };
        if is(header::TRANSFER_ENCODING, "chunked") {
            return Self::Chunks(ChunkPart::Size(0));
        }
        if is(header::UPGRADE, "websocket") || head.method == Method::CONNECT {
            return Self::Endless;
        }
        let length = value(header::CONTENT_LENGTH).and_then(|value| value.trim().parse().ok());
        length.filter(|length| *length > 0).map_or(Self::Nothing, Self::Bytes)
    }

    /// Takes the bytes that belong to the body, and returns their count.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Endless => bytes.len(),
            Self::Bytes(left) => {
                let taken = take_up_to(left, bytes);
                if *left == 0 {
                    *self = Self::Nothing;
                }
                taken
            }
            Self::Chunks(_) => self.take_chunks(bytes),
        }
    }

    fn take_chunks(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while let Self::Chunks(part) = self
            && taken < bytes.len()
        {
            let (count, next) = part.after(&bytes[taken..]);
            taken += count;
            *self = next.map_or(Self::Nothing, Self::Chunks);
        }
        taken
    }
}

impl ChunkPart {
    /// Takes some of the bytes, one at least. Returns their count, and the next part; `None` at the
    /// end of the body.
    fn after(self, bytes: &[u8]) -> (usize, Option<Self>) {
        match self {
            Self::Size(size) => (1, Some(Self::after_size_byte(size, bytes[0]))),
            Self::AfterSize(size) => match memchr(b'\n', bytes) {
                Some(newline) => (newline + 1, Some(Self::after_size_line(size))),
                None => (bytes.len(), Some(self)),
            },
            Self::Data(mut left) => {
                let taken = take_up_to(&mut left, bytes);
                (taken, Some(if left == 0 { Self::AfterData } else { Self::Data(left) }))
            }
            Self::AfterData => match memchr(b'\n', bytes) {
                Some(newline) => (newline + 1, Some(Self::Size(0))),
                None => (bytes.len(), Some(self)),
            },
            Self::Trailer { is_empty_line } => match bytes[0] {
                b'\n' if is_empty_line => (1, None),
                b'\n' => (1, Some(Self::Trailer { is_empty_line: true })),
                b'\r' => (1, Some(self)),
                _ => (1, Some(Self::Trailer { is_empty_line: false })),
            },
        }
    }

    fn after_size_byte(size: u64, byte: u8) -> Self {
        match (byte, char::from(byte).to_digit(16)) {
            (_, Some(digit)) => {
                Self::Size(size.saturating_mul(16).saturating_add(u64::from(digit)))
            }
            (b'\n', None) => Self::after_size_line(size),
            (_, None) => Self::AfterSize(size),
        }
    }

    fn after_size_line(size: u64) -> Self {
        match size {
            0 => Self::Trailer { is_empty_line: true },
            size => Self::Data(size),
        }
    }
}

/// Takes as many bytes as are left, and returns their count.
fn take_up_to(left: &mut u64, bytes: &[u8]) -> usize {
    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
    *left -= taken as u64;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: BodyRest = BodyRest::Chunks(ChunkPart::Size(0));

    /// How many bytes are taken of `text` when it comes in pieces of `piece` bytes.
    fn taken(mut rest: BodyRest, text: &str, piece: usize) -> usize {
        text.as_bytes().chunks(piece).map(|bytes| rest.take(bytes)).sum()
    }

    #[track_caller]
    fn check(rest: BodyRest, body: &str) {
        let text = format!("{body}GET / HTTP/1.1\r\n\r\n");
        for piece in 1..=text.len() {
            assert_eq!(taken(rest, &text, piece), body.len(), "{body:?} in pieces of {piece}");
        }
    }

    #[test]
    fn a_body_ends_after_its_length() {
        check(BodyRest::Nothing, "");
        check(BodyRest::Bytes(1), "x");
        check(BodyRest::Bytes(8), "{\n\n\r\n\n}\n");
        assert_eq!(taken(BodyRest::Endless, "x\r\n\r\ny", 3), 6);
    }

    #[test]
    fn a_chunked_body_ends_after_its_empty_chunk() {
        check(CHUNKED, "0\r\n\r\n");
        check(CHUNKED, "3\r\nabc\r\n0\r\n\r\n");
        check(CHUNKED, "A;name=value\r\n0\r\n\r\n0\r\n\r\n\r\n1\r\n\n\r\n00\r\n\r\n");
        check(CHUNKED, "3\nabc\n0\n\n");
        check(CHUNKED, "1\r\nx\r\n0\r\nfield: value\r\nother:\r\n\r\n");
    }

    #[test]
    fn a_body_that_is_no_chunk_takes_no_more_than_there_is() {
        for text in ["", "x", "ffffffffffffffffffffff\r\nabc", "\r\n\r\n"] {
            let mut rest = CHUNKED;
            assert!(rest.take(text.as_bytes()) <= text.len());
        }
    }
}
