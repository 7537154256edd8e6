//! A log in the messages of a WebSocket (RFC 6455), each in a frame of its own.
//!
//! It is given as the body of an answer, as over HTTP: what is read and not taken yet is a chunk,
//! and when the connection goes, all of it goes.

use std::{convert::Infallible, mem};

use actix_http::ws::{CloseCode, CloseReason, OpCode, Parser, ProtocolError};
use actix_web::{
    HttpResponse,
    dev::Payload,
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
            open_log::{AuthenticatedRequest, OpenedLog, lease_log},
        },
    },
    stream::{Cut, LogStream},
    streams::StreamPermit,
};

/// How much of the log is in a message of base64, in bytes.
const BASE64_BYTES: usize = 2048;
/// How long a message of the client may be, in bytes: nothing is expected of it.
const MAX_HEARD_BYTES: usize = 16 * 1024;

/// Answers with the log.
pub(in crate::http::kubernetes) fn log_response(
    handshake: Handshake,
    mut asked: AuthenticatedRequest,
    opened: OpenedLog,
) -> HttpResponse {
    let payload = mem::replace(&mut asked.payload, Payload::None);
    let (log, permit, terms) = lease_log(asked, opened);
    let early_end = log.early_end();
    let early_end = Box::new(move |reason| Some(early_end.write(reason)));
    let framing = handshake.framing;
    let talk = Talk {
        framing,
        log: Some(Leased::new(chunks(log, permit), terms, early_end)),
        client: Client { payload, heard: BytesMut::new() },
    };
    // The API server begins with a message of nothing.
    let first = stream::once(async move { framing.frames(&[]) });
    let rest = stream::unfold(talk, |mut talk| async move { Some((talk.next().await?, talk)) });
    handshake.answer(first.chain(rest).map(Ok::<_, Infallible>))
}

/// As a stream, so that waiting for the next chunk can be broken off and begun again.
fn chunks(log: LogStream, permit: StreamPermit) -> impl Stream<Item = Result<Bytes, Cut>> {
    stream::try_unfold((log, permit), |(mut log, permit)| async move {
        Ok(log.next().await?.map(|chunk| (chunk, (log, permit))))
    })
}

impl Framing {
    /// The chunk as messages; of nothing, one of nothing.
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

/// A log that is given to a client who may speak as well.
struct Talk {
    framing: Framing,
    /// `None` after the log's end.
    log: Option<Leased<Cut>>,
    client: Client,
}

impl Talk {
    /// The next frames; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        let log = self.log.as_mut()?;
        tokio::select! {
            chunk = log.next() => Some(match chunk {
                Some(Ok(chunk)) => self.framing.frames(&chunk),
                Some(Err(cut)) => self.end(Some(reason_for(&cut))),
                None => self.end(Some(CloseCode::Normal.into())),
            }),
            heard = self.client.hear() => match heard {
                Heard::Ping(content) => Some(pong(&content)),
                Heard::Close => Some(self.end(None)),
                Heard::Fault(code) => Some(self.end(Some(code.into()))),
                Heard::Nothing => None,
            },
        }
    }

    /// Ends the log, and gives its place back before the client can see that. The server listens
    /// for a moment longer, so that what the client says meanwhile takes nothing of it away.
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

/// Anything but a normal end: nobody is to take the log for the whole.
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

/// Who takes the log.
struct Client {
    payload: Payload,
    /// What was heard and is no whole frame yet.
    heard: BytesMut,
}

/// What a client says that matters.
enum Heard {
    Ping(BytesMut),
    Close,
    /// What no client may say.
    Fault(CloseCode),
    /// The connection is gone.
    Nothing,
}

impl Client {
    /// The next that matters. Messages do not: there is nothing to be said to a log.
    async fn hear(&mut self) -> Heard {
        loop {
            match Parser::parse(&mut self.heard, true, MAX_HEARD_BYTES) {
                Ok(Some((_, OpCode::Ping, content))) => {
                    return Heard::Ping(content.unwrap_or_default());
                }
                Ok(Some((_, OpCode::Close, _))) => return Heard::Close,
                Ok(Some(_)) => {}
                // The parser waits for all of a frame, however long.
                Ok(None) if self.heard.len() > 2 * MAX_HEARD_BYTES => {
                    return Heard::Fault(CloseCode::Size);
                }
                Ok(None) => match self.payload.next().await {
                    Some(Ok(bytes)) => self.heard.extend_from_slice(&bytes),
                    Some(Err(_)) | None => return Heard::Nothing,
                },
                Err(ProtocolError::Overflow) => return Heard::Fault(CloseCode::Size),
                Err(_) => return Heard::Fault(CloseCode::Protocol),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use actix_web::error::PayloadError;

    use super::*;

    type Says = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

    fn client(says: &[&[u8]]) -> Client {
        let says: Vec<_> = says.iter().map(|bytes| Ok(Bytes::copy_from_slice(bytes))).collect();
        let says: Says = Box::pin(stream::iter(says));
        let payload = Payload::Stream { payload: says };
        Client { payload, heard: BytesMut::new() }
    }

    fn frame(code: OpCode, content: &[u8]) -> Vec<u8> {
        let mut frame = BytesMut::new();
        Parser::write_message(&mut frame, content, code, true, true);
        frame.to_vec()
    }

    #[tokio::test]
    async fn of_what_a_client_says_only_a_ping_and_its_leaving_matter() {
        let mut all = frame(OpCode::Text, b"hello");
        all.extend(frame(OpCode::Pong, b""));
        all.extend(frame(OpCode::Ping, b"there?"));
        all.extend(frame(OpCode::Binary, &[0; 1000]));
        all.extend(frame(OpCode::Close, b""));
        let mut client = client(&all.chunks(7).collect::<Vec<_>>());
        assert!(matches!(client.hear().await, Heard::Ping(content) if *content == *b"there?"));
        assert!(matches!(client.hear().await, Heard::Close));
    }

    #[tokio::test]
    async fn a_connection_that_is_gone_says_nothing() {
        let mut client = client(&[&frame(OpCode::Text, b"half")[..3]]);
        assert!(matches!(client.hear().await, Heard::Nothing));
    }

    #[tokio::test]
    async fn a_message_without_end_is_a_fault_long_before_memory_is() {
        let announced = [&[0x82, 0xff][..], &u64::to_be_bytes(1 << 40), b"mask"].concat();
        let kilobyte = [0; 1024];
        let mut says = vec![&kilobyte[..]; 1000];
        says.insert(0, &announced);
        let mut client = client(&says);
        assert!(matches!(client.hear().await, Heard::Fault(CloseCode::Size)));
        assert!(client.heard.len() < 3 * MAX_HEARD_BYTES);
    }

    #[tokio::test]
    async fn what_is_no_frame_of_a_client_is_a_fault() {
        for unmasked_or_reserved in [&b"\x81\x00"[..], b"\xf1\x80mask", b"\x83\x80mask"] {
            let mut client = client(&[unmasked_or_reserved]);
            assert!(matches!(client.hear().await, Heard::Fault(CloseCode::Protocol)));
        }
    }

    #[test]
    fn base64_is_in_messages_of_a_bounded_length() {
        let frames = Framing::Base64.frames(&[b'a'; 2 * BASE64_BYTES + 1]);
        let whole = BASE64_STANDARD.encode([b'a'; BASE64_BYTES]);
        let head = [0x81, 126, (whole.len() >> 8) as u8, whole.len() as u8];
        let whole = [&head, whole.as_bytes()].concat();
        assert_eq!(*frames, *[&whole, &whole, &b"\x81\x04YQ=="[..]].concat());
    }

    #[test]
    fn the_first_message_is_of_nothing() {
        assert_eq!(*Framing::Binary.frames(&[]), *b"\x82\x00");
        assert_eq!(*Framing::Base64.frames(&[]), *b"\x81\x00");
    }
}
