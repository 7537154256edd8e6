//! Readers who leave a log that has nothing new for them.

use std::{future::pending, time::Duration};

use actix_web::dev::Payload;
use futures_util::{FutureExt, StreamExt};
use tokio::time::sleep;

/// How often is looked whether an HTTP/2 stream is still open.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whether the reader is still there, as the request's own side of the connection tells.
///
/// Over HTTP/1.1 the server sees the connection close and drops the answer's body. Over HTTP/2 it
/// learns of a stream's end only when it has something to send, so somebody has to look.
pub(super) struct Departure(Payload);

impl Departure {
    /// Of the reader who sent this request.
    pub(super) fn of(payload: Payload) -> Self {
        Self(payload)
    }

    /// What the reader says. Of whoever asked for a WebSocket that goes on.
    pub(super) fn into_payload(self) -> Payload {
        self.0
    }

    /// Ends when the reader has left; never over HTTP/1.1.
    pub(super) async fn wait(&mut self) {
        let Payload::H2 { payload } = &mut self.0 else {
            return pending().await;
        };
        loop {
            sleep(LOOK_EVERY).await;
            // A request's body is of no interest, and its end is no departure.
            if let Some(Some(Err(_))) = payload.next().now_or_never() {
                return;
            }
        }
    }
}
