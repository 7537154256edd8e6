//! A log in the messages of a WebSocket (RFC 6455), each in a frame of its own.
//!
//! The log is the body of an answer, as over HTTP: at most one chunk is in memory, and everything
//! is dropped with the connection.

use std::{convert::Infallible, mem};

use actix_http::ws::{CloseCode, CloseReason, OpCode, Parser, ProtocolError};
use actix_web::{
    HttpResponse,
    dev::Payload,
    http::StatusCode,
    web::{Bytes, BytesMut},
};
use base64::prelude::{BASE64_STANDARD, Engine};
use futures_util::{Stream, StreamExt, stream};

use crate::{
    end_reason::EndReason,
    http::{
        kubernetes::log::upgrade::{Framing, Handshake},
        streaming::{
            lease::Leased,
            log_body::LogBody,
            open_log::{AuthenticatedRequest, OpenedLog, lease_log},
        },
    },
    stream::Cut,
};

/// The number of bytes of the log in a base64 message.
const BASE64_BYTES: usize = 2048;
/// The longest message of a client, in bytes. No content is expected.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;

/// Answers with the log.
pub(in crate::http::kubernetes) fn log_response(
    handshake: Handshake,
    mut asked: AuthenticatedRequest,
    opened: OpenedLog,
) -> HttpResponse {
    let payload = mem::replace(&mut asked.payload, Payload::None);
    let (log, terms) = lease_log(asked, opened, StatusCode::SWITCHING_PROTOCOLS);
    let early_end = log.early_end();
    let early_end = Box::new(move |reason| Some(early_end.write(reason)));
    let framing = handshake.framing;
    let socket = LogSocket {
        framing,
        log: Some(Leased::new(chunks(log), terms, early_end)),
        client: SocketClient { payload, received: BytesMut::new() },
    };
    // The API server begins with an empty message.
    let first = stream::once(async move { framing.frames(&[]) });
    let rest =
        stream::unfold(socket, |mut socket| async move { Some((socket.next().await?, socket)) });
    handshake.answer(first.chain(rest).map(Ok::<_, Infallible>))
}

/// The log as a stream, so that waiting for the next chunk can be cancelled and repeated.
fn chunks(log: LogBody) -> impl Stream<Item = Result<Bytes, Cut>> {
    stream::try_unfold(
        log,
        |mut log| async move { Ok(log.next().await?.map(|chunk| (chunk, log))) },
    )
}

impl Framing {
    /// The chunk as messages; an empty chunk is one empty message.
    fn frames(self, chunk: &[u8]) -> Bytes {
        let mut frames = BytesMut::new();
        match self {
            Self::Binary => write(OpCode::Binary, chunk, &mut frames),
            Self::Base64 if chunk.is_empty() => write(OpCode::Text, chunk, &mut frames),
            Self::Base64 => chunk.chunks(BASE64_BYTES).for_each(|bytes| {
                write(OpCode::Text, BASE64_STANDARD.encode(bytes).as_bytes(), &mut frames);
            }),
        }
        frames.freeze()
    }
}

fn write(code: OpCode, content: &[u8], frames: &mut BytesMut) {
    const IS_WHOLE: bool = true;
    const IS_MASKED: bool = false;
    Parser::write_message(frames, content, code, IS_WHOLE, IS_MASKED);
}

/// A log on its way to a client, and the messages of the client.
struct LogSocket {
    framing: Framing,
    /// `None` after the log's end.
    log: Option<Leased<Cut>>,
    client: SocketClient,
}

impl LogSocket {
    /// The next frames; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        let log = self.log.as_mut()?;
        tokio::select! {
            chunk = log.next() => Some(match chunk {
                Some(Ok(chunk)) => self.framing.frames(&chunk),
                Some(Err(cut)) => self.end(Some(reason_for(&cut))),
                None => self.end(Some(CloseCode::Normal.into())),
            }),
            message = self.client.next_message() => match message {
                ClientMessage::Ping(content) => Some(pong(&content)),
                ClientMessage::Close => Some(self.end(None)),
                ClientMessage::Fault(code) => Some(self.end(Some(code.into()))),
                ClientMessage::Gone => None,
            },
        }
    }

    /// Ends the log and releases its permit before the client can see the close frame. The server
    /// reads on for a moment, so that messages of the client do not reset the connection.
    fn end(&mut self, reason: Option<CloseReason>) -> Bytes {
        self.log = None;
        let mut frame = BytesMut::new();
        Parser::write_close(&mut frame, reason, false);
        frame.freeze()
    }
}

fn pong(content: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    write(OpCode::Pong, content, &mut frame);
    frame.freeze()
}

/// The close code of a log that ended early: never a normal end.
fn reason_for(cut: &Cut) -> CloseReason {
    let reason = match cut {
        Cut::Early(reason) => *reason,
        cut => {
            tracing::error!(error = %cut, "reading a log failed; its answer ends early");
            EndReason::Source
        }
    };
    let code = match reason {
        reason if reason.is_of_token() => CloseCode::Policy,
        EndReason::Shutdown => CloseCode::Away,
        _ => CloseCode::Error,
    };
    (code, Cut::Early(reason).to_string()).into()
}

/// The receiving side of the connection.
struct SocketClient {
    payload: Payload,
    /// Received bytes that are not a whole frame yet.
    received: BytesMut,
}

/// A message of the client that has an effect.
enum ClientMessage {
    Ping(BytesMut),
    Close,
    /// An invalid frame.
    Fault(CloseCode),
    /// The connection is closed.
    Gone,
}

impl SocketClient {
    /// The next message that has an effect. Text and binary messages have none.
    async fn next_message(&mut self) -> ClientMessage {
        loop {
            match Parser::parse(&mut self.received, true, MAX_MESSAGE_BYTES) {
                Ok(Some((_, OpCode::Ping, content))) => {
                    return ClientMessage::Ping(content.unwrap_or_default());
                }
                Ok(Some((_, OpCode::Close, _))) => return ClientMessage::Close,
                Ok(Some(_)) => {}
                // The parser waits for a whole frame of any length.
                Ok(None) if self.received.len() > 2 * MAX_MESSAGE_BYTES => {
                    return ClientMessage::Fault(CloseCode::Size);
                }
                Ok(None) => match self.payload.next().await {
                    Some(Ok(bytes)) => self.received.extend_from_slice(&bytes),
                    Some(Err(_)) | None => return ClientMessage::Gone,
                },
                Err(ProtocolError::Overflow) => return ClientMessage::Fault(CloseCode::Size),
                Err(_) => return ClientMessage::Fault(CloseCode::Protocol),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use actix_web::error::PayloadError;

    use super::*;

    type PayloadStream = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

    fn client(says: &[&[u8]]) -> SocketClient {
        let says: Vec<_> = says.iter().map(|bytes| Ok(Bytes::copy_from_slice(bytes))).collect();
        let says: PayloadStream = Box::pin(stream::iter(says));
        let payload = Payload::Stream { payload: says };
        SocketClient { payload, received: BytesMut::new() }
    }

    fn frame(code: OpCode, content: &[u8]) -> Vec<u8> {
        let mut frame = BytesMut::new();
        Parser::write_message(&mut frame, content, code, true, true);
        frame.to_vec()
    }

    #[tokio::test]
    async fn only_pings_and_closes_of_a_client_have_an_effect() {
        let mut all = frame(OpCode::Text, b"hello");
        all.extend(frame(OpCode::Pong, b""));
        all.extend(frame(OpCode::Ping, b"there?"));
        all.extend(frame(OpCode::Binary, &[0; 1000]));
        all.extend(frame(OpCode::Close, b""));
        let mut client = client(&all.chunks(7).collect::<Vec<_>>());
        assert!(
            matches!(client.next_message().await, ClientMessage::Ping(content) if *content == *b"there?")
        );
        assert!(matches!(client.next_message().await, ClientMessage::Close));
    }

    #[tokio::test]
    async fn a_closed_connection_is_detected() {
        let mut client = client(&[&frame(OpCode::Text, b"half")[..3]]);
        assert!(matches!(client.next_message().await, ClientMessage::Gone));
    }

    #[tokio::test]
    async fn an_endless_message_is_refused_before_it_fills_memory() {
        let announced = [&[0x82, 0xff][..], &u64::to_be_bytes(1 << 40), b"mask"].concat();
        let kilobyte = [0; 1024];
        let mut says = vec![&kilobyte[..]; 1000];
        says.insert(0, &announced);
        let mut client = client(&says);
        assert!(matches!(client.next_message().await, ClientMessage::Fault(CloseCode::Size)));
        assert!(client.received.len() < 3 * MAX_MESSAGE_BYTES);
    }

    #[tokio::test]
    async fn an_invalid_frame_is_refused() {
        for unmasked_or_reserved in [&b"\x81\x00"[..], b"\xf1\x80mask", b"\x83\x80mask"] {
            let mut client = client(&[unmasked_or_reserved]);
            assert!(matches!(
                client.next_message().await,
                ClientMessage::Fault(CloseCode::Protocol)
            ));
        }
    }

    #[test]
    fn base64_messages_have_a_bounded_length() {
        let frames = Framing::Base64.frames(&[b'a'; 2 * BASE64_BYTES + 1]);
        let whole = BASE64_STANDARD.encode([b'a'; BASE64_BYTES]);
        let head = [0x81, 126, (whole.len() >> 8) as u8, whole.len() as u8];
        let whole = [&head, whole.as_bytes()].concat();
        assert_eq!(*frames, *[&whole, &whole, &b"\x81\x04YQ=="[..]].concat());
    }

    #[test]
    fn the_first_message_is_empty() {
        assert_eq!(*Framing::Binary.frames(&[]), *b"\x82\x00");
        assert_eq!(*Framing::Base64.frames(&[]), *b"\x81\x00");
    }
}
