//! A minimal HTTP client, so that the cost of the client does not distort the figures.

use std::{net::SocketAddr, ops::Range};

use anyhow::{Context, bail, ensure};
use memchr::{memchr, memmem};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection that is kept alive.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// The received bytes that are not parsed yet.
    received: Range<usize>,
}

/// The rest of an answer's body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// This number of bytes.
    Sized(u64),
    /// In the size of a chunk, of which this value was read so far.
    ChunkSize(u64),
    /// In a chunk, with this number of bytes left.
    Chunk(u64),
    /// At the newline behind a chunk.
    ChunkEnd,
    /// After the last chunk, this number of bytes into a line.
    Trailer(usize),
    Ended,
}

/// An answer up to its body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) body: Body,
}

/// A request without a body.
pub(crate) fn request(
    method: &str,
    path_and_query: &str,
    token: &str,
    headers: &[(&str, &str)],
) -> Vec<u8> {
    let mut request = format!(
        "{method} {path_and_query} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
    );
    if method != "GET" {
        request += "Content-Length: 0\r\n";
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    request.into_bytes()
}

/// A `POST` without a token.
pub(crate) fn request_with_body(path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut request = format!("POST {path} HTTP/1.1\r\nHost: bench\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    request.into_bytes()
}

impl Connection {
    /// Receives at most `buffer` bytes at a time.
    pub(crate) async fn open(address: SocketAddr, buffer: usize) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; buffer].into(), received: 0..0 })
    }

    /// Sends a request and waits for the beginning of its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Head> {
        self.stream.write_all(request).await.context("cannot send")?;
        loop {
            let received = &self.buffer[self.received.clone()];
            if let Some(end) = memmem::find(received, b"\r\n\r\n") {
                let head = Head::parse(&received[..end + 4])?;
                self.received.start += end + 4;
                return Ok(head);
            }
            self.receive().await?;
        }
    }

    /// As above, for a successful answer.
    pub(crate) async fn ask_for_body(&mut self, request: &[u8]) -> anyhow::Result<Body> {
        let Head { status, body } = self.ask(request).await?;
        ensure!(status == 200, "the answer is {status}");
        Ok(body)
    }

    /// Gives the received part of the body, after waiting for at least one byte.
    pub(crate) async fn read(
        &mut self,
        body: &mut Body,
        content: impl FnMut(&[u8]),
    ) -> anyhow::Result<()> {
        if self.received.is_empty() && *body != Body::Ended {
            self.receive().await?;
        }
        self.received.start += body.decode(&self.buffer[self.received.clone()], content);
        Ok(())
    }

    /// Gives the body to its end.
    pub(crate) async fn read_to_end(
        &mut self,
        mut body: Body,
        mut content: impl FnMut(&[u8]),
    ) -> anyhow::Result<()> {
        while body != Body::Ended {
            self.read(&mut body, &mut content).await?;
        }
        Ok(())
    }

    async fn receive(&mut self) -> anyhow::Result<()> {
        if self.received.is_empty() {
            self.received = 0..0;
        }
        ensure!(self.received.end < self.buffer.len(), "the head is too long");
        let count = self.stream.read(&mut self.buffer[self.received.end..]).await?;
        ensure!(count > 0, "the answer was cut off");
        self.received.end += count;
        Ok(())
    }
}

impl Head {
    fn parse(head: &[u8]) -> anyhow::Result<Self> {
        let head = str::from_utf8(head).context("the head is not UTF-8")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("no status: {head}"))?;
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        let framing = fields.find_map(|(name, value)| {
            if name.eq_ignore_ascii_case("content-length") {
                value.parse().ok().map(Body::sized)
            } else {
                name.eq_ignore_ascii_case("transfer-encoding").then_some(Body::ChunkSize(0))
            }
        });
        // RFC 9110, 15.3.5: no content.
        let framing = framing.or((status == 204).then_some(Body::Ended));
        let Some(body) = framing else { bail!("a body without a length: {head}") };
        Ok(Self { status, body })
    }
}

impl Body {
    fn sized(bytes: u64) -> Self {
        if bytes == 0 { Self::Ended } else { Self::Sized(bytes) }
    }

    /// Gives the content in `input` and returns the number of its bytes that belong to this body.
    fn decode(&mut self, input: &[u8], mut content: impl FnMut(&[u8])) -> usize {
        let mut rest = input;
        while let Some(&first) = rest.first() {
            let taken = match *self {
                Self::Ended => break,
                Self::Sized(left) | Self::Chunk(left) => {
                    let count = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    content(&rest[..count]);
                    let left = left - count as u64;
                    *self = match *self {
                        Self::Sized(_) => Self::sized(left),
                        _ if left == 0 => Self::ChunkEnd,
                        _ => Self::Chunk(left),
                    };
                    count
                }
                Self::ChunkSize(size) => {
                    *self = match (first, char::from(first).to_digit(16)) {
                        (_, Some(digit)) => Self::ChunkSize(size * 16 + u64::from(digit)),
                        (b'\n', None) if size == 0 => Self::Trailer(0),
                        (b'\n', None) => Self::Chunk(size),
                        _ => Self::ChunkSize(size),
                    };
                    1
                }
                Self::ChunkEnd => memchr(b'\n', rest).map_or(rest.len(), |newline| {
                    *self = Self::ChunkSize(0);
                    newline + 1
                }),
                Self::Trailer(length) => {
                    *self = match first {
                        b'\n' if length == 0 => Self::Ended,
                        b'\n' => Self::Trailer(0),
                        b'\r' => Self::Trailer(length),
                        _ => Self::Trailer(length + 1),
                    };
                    1
                }
            };
            rest = &rest[taken..];
        }
        input.len() - rest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: &[u8] = b"3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\nnext";

    #[test]
    fn a_head_says_how_long_the_body_is() {
        let head = |text: &str| Head::parse(text.as_bytes()).unwrap();
        let sized = head("HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\n");
        assert_eq!(sized, Head { status: 404, body: Body::Sized(5) });
        let chunked = head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(chunked, Head { status: 200, body: Body::ChunkSize(0) });
        let empty = head("HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n");
        assert_eq!(empty, Head { status: 204, body: Body::Ended });
    }

    #[test]
    fn chunks_are_joined_wherever_they_are_split() {
        for size in 1..=CHUNKED.len() {
            let (mut body, mut content, mut taken) = (Body::ChunkSize(0), Vec::new(), 0);
            for piece in CHUNKED.chunks(size) {
                taken += body.decode(piece, |part| content.extend_from_slice(part));
            }
            assert_eq!((body, content.as_slice()), (Body::Ended, &b"abc0123456789abcdef"[..]));
            assert_eq!(&CHUNKED[taken..], b"next");
        }
    }

    #[test]
    fn a_sized_body_ends_by_itself() {
        let mut body = Body::sized(3);
        assert_eq!(body.decode(b"ab", |_| {}), 2);
        assert_eq!(body.decode(b"cHTTP", |_| {}), 1);
        assert_eq!(body, Body::Ended);
        assert_eq!(Body::sized(0), Body::Ended);
    }
}
