//! A log as the body of an answer, with at most one chunk in memory.

use std::io;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{self, ContentEncoding},
    web::Bytes,
};
use futures_util::{Stream, StreamExt, stream};
use service_runtime::telemetry::RequestSpan;
use tokio::task::{spawn_blocking, yield_now};

use crate::{
    http::streaming::{
        encoding::BodyEncoder,
        lease::{LeaseTerms, Leased},
        log_body::LogBody,
    },
    stream::Cut,
};

/// Chunks up to this size, in bytes, are compressed on the thread of the request.
const ENCODE_INLINE_BYTES: usize = 16 * 1024;

/// The body depends on these headers of the request.
const VARY: (header::HeaderName, &str) = (header::VARY, "accept, accept-encoding");

/// Bytes before and after a log.
#[derive(Debug, Default)]
pub(in crate::http) struct Frame {
    pub(in crate::http) before: Vec<u8>,
    pub(in crate::http) after: &'static [u8],
}

/// Answers with all of a log in its frame.
pub(in crate::http) fn whole(
    mut response: HttpResponseBuilder,
    mut log: Vec<u8>,
    frame: Frame,
) -> HttpResponse {
    let Frame { before, after } = frame;
    response.insert_header(VARY);
    log.splice(..0, before);
    log.extend_from_slice(after);
    response.body(log)
}

/// Answers with the log in its frame, until its lease ends. If the log ends early and its format
/// has no record for that, the body is aborted, so that the client sees an error.
///
/// # Errors
/// When the encoder cannot be set up.
pub(in crate::http) fn answer(
    mut response: HttpResponseBuilder,
    log: LogBody,
    frame: Frame,
    encoding: Option<ContentEncoding>,
    terms: LeaseTerms,
) -> io::Result<HttpResponse> {
    let Frame { before, after } = frame;
    response.insert_header(VARY);
    let encoder = BodyEncoder::new(encoding)?;
    // An empty chunk would end the body.
    let before = stream::iter((!before.is_empty()).then(|| Ok(before.into())));
    let early_end = log.early_end();
    let log = Leased::new(
        chunks(log, after),
        terms,
        Box::new(move |reason| Some(early_end.write(reason))),
    );
    let body = before.chain(log);
    let (Some(encoder), Some(encoding)) = (encoder, encoding) else {
        return Ok(response.streaming(body));
    };
    response.insert_header((header::CONTENT_ENCODING, encoding.as_str()));
    Ok(response.streaming(encoded(Box::pin(body), encoder)))
}

/// The answer to HEAD: without a body and without its length.
pub(in crate::http) fn without_body(mut response: HttpResponseBuilder) -> HttpResponse {
    response.streaming(stream::empty::<Result<Bytes, Cut>>())
}

fn chunks(log: LogBody, after: &'static [u8]) -> impl Stream<Item = Result<Bytes, Cut>> {
    stream::try_unfold(Some(log), move |state| async move {
        let Some(mut log) = state else {
            return Ok(None);
        };
        let next = match log.next().await {
            Ok(next) => next,
            Err(cut) => {
                // The server drops unsent bytes with the error: let it send them first.
                yield_now().await;
                return Err(cut);
            }
        };
        match next {
            Some(chunk) => Ok(Some((chunk, Some(log)))),
            None => Ok((!after.is_empty()).then(|| (Bytes::from_static(after), None))),
        }
    })
}

fn encoded(
    body: impl Stream<Item = Result<Bytes, Cut>> + Unpin,
    encoder: BodyEncoder,
) -> impl Stream<Item = Result<Bytes, Cut>> {
    stream::try_unfold(Some((body, encoder)), |state| async move {
        let Some((mut body, encoder)) = state else {
            return Ok(None);
        };
        match body.next().await.transpose()? {
            Some(chunk) => {
                let (encoder, chunk) = encode(encoder, chunk).await?;
                Ok(Some((chunk, Some((body, encoder)))))
            }
            None => Ok(Some((encoder.finish()?.into(), None))),
        }
    })
}

async fn encode(mut encoder: BodyEncoder, chunk: Bytes) -> io::Result<(BodyEncoder, Bytes)> {
    let is_little = chunk.len() <= ENCODE_INLINE_BYTES;
    let span = RequestSpan::current();
    let encode =
        move || span.in_scope(|| encoder.encode(&chunk).map(|encoded| (encoder, encoded.into())));
    if is_little { encode() } else { spawn_blocking(encode).await.map_err(io::Error::other)? }
}
