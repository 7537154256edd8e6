//! A log as the body of an answer: never more than a chunk of it in memory.

use actix_web::{HttpResponse, HttpResponseBuilder, web::Bytes};
use futures_util::{Stream, StreamExt, stream};

use crate::{
    stream::{Cut, LogStream},
    streams::StreamPermit,
};

/// What stands around a log.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) before: Vec<u8>,
    pub(super) after: &'static [u8],
}

/// Answers with the log in its frame. If it ends early and there is no other way to say so, the
/// body is cut off, so that nobody takes it for the whole.
pub(super) fn answer(
    mut response: HttpResponseBuilder,
    mut log: LogStream,
    frame: Frame,
    permit: StreamPermit,
) -> HttpResponse {
    let Frame { mut before, after } = frame;
    if let Some(whole) = log.take_whole() {
        before.extend_from_slice(&whole);
        before.extend_from_slice(after);
        return response.body(before);
    }
    // An empty chunk would end the body.
    let before = stream::iter((!before.is_empty()).then(|| Ok(before.into())));
    let after = (!after.is_empty()).then(|| Bytes::from_static(after));
    response.streaming(before.chain(chunks(log, after, permit)))
}

fn chunks(
    log: LogStream,
    after: Option<Bytes>,
    permit: StreamPermit,
) -> impl Stream<Item = Result<Bytes, Cut>> {
    stream::try_unfold(Some((log, after, permit)), |state| async move {
        let Some((mut log, after, permit)) = state else {
            return Ok(None);
        };
        match log.next().await? {
            Some(chunk) => Ok(Some((chunk, Some((log, after, permit))))),
            None => Ok(after.map(|after| (after, None))),
        }
    })
}
