//! A log as the body of an answer: never more than a chunk of it in memory.

use std::io;

use actix_web::{HttpResponse, HttpResponseBuilder, web::Bytes};
use futures_util::{Stream, StreamExt, stream};
use tokio::task::spawn_blocking;

use crate::logs::render::Rendering;

/// Answers with `beginning`, then what is left to write, then `end`. If reading fails on the way,
/// the body is cut off, so that nobody takes it for the whole.
pub(super) fn answer(
    mut response: HttpResponseBuilder,
    mut beginning: Vec<u8>,
    rest: Option<Rendering>,
    end: &'static [u8],
) -> HttpResponse {
    let Some(rest) = rest else {
        beginning.extend_from_slice(end);
        return response.body(beginning);
    };
    let beginning = stream::iter((!beginning.is_empty()).then(|| Ok(beginning.into())));
    response.streaming(beginning.chain(chunks(rest, end)))
}

fn chunks(rest: Rendering, end: &'static [u8]) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(Some(rest), move |rest| async move {
        let Some(mut rest) = rest else {
            return Ok(None);
        };
        loop {
            let (rendering, mut chunk) = next_chunk(rest).await?;
            if rendering.is_done() {
                chunk.extend_from_slice(end);
                // An empty chunk would end the body twice.
                return Ok((!chunk.is_empty()).then(|| (chunk.into(), None)));
            }
            if !chunk.is_empty() {
                return Ok(Some((chunk.into(), Some(rendering))));
            }
            rest = rendering;
        }
    })
}

/// Reads a file where nobody waits for the thread.
async fn next_chunk(mut rendering: Rendering) -> io::Result<(Rendering, Vec<u8>)> {
    let read = move || {
        let mut chunk = Vec::new();
        rendering.write_chunk(&mut chunk).inspect_err(|error| {
            tracing::error!(%error, "reading a log failed; its answer is cut off");
        })?;
        Ok((rendering, chunk))
    };
    spawn_blocking(read).await.map_err(io::Error::other)?
}
