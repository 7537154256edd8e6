//! A log in the very bytes of the API server, but for tokens.

use std::io;

use http::StatusCode;
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tracing::Instrument;

use super::{
    api::{
        api_error::ApiError,
        api_server::{ApiAnswer, ApiServer},
        container_runs::uid_of,
        log_request::pod_uri,
    },
    feed::{
        piece::{FeedEnd, FeedFailure, Piece},
        piece_channel::{PieceReceiver, PieceSender, Taken, piece_channel},
    },
};
use crate::{
    chunk::{LogEnd, Progress},
    cost::ReadingCost,
    counts::ReadCounts,
    line::{
        masking::{TokenScan, mask_cut_off, mask_tokens},
        target::{PodRef, PodUid},
    },
};

/// How much is given at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// A log in the bytes of the API server.
#[derive(Debug)]
pub struct PassedLog {
    pub(crate) body: PassedBody,
    uid: PodUid,
}

/// Why a log is not passed on.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// The API server answers otherwise.
    #[error("the API server answers {}", .0.status)]
    Answer(ApiAnswer),
    /// It does not answer.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Which bytes of a log are asked for.
#[derive(Debug, Clone)]
pub struct PassOptions {
    /// The query for the API server, encoded.
    pub query: String,
    /// The log goes on.
    pub follow: bool,
    /// After how many bytes it ends early. The API server is not told: it counts what is not masked
    /// yet.
    pub limit_bytes: Option<u64>,
}

/// Writes the bytes of the API server.
#[derive(Debug)]
pub(crate) struct PassedBody {
    pieces: PieceReceiver,
    follow: bool,
    left: Option<u64>,
    /// What may be the beginning of a token.
    held: Vec<u8>,
    counts: ReadCounts,
    ended: bool,
}

impl PassedLog {
    /// Begins to read the log of a pod.
    pub(crate) async fn open(
        server: &ApiServer,
        pod: &PodRef,
        options: PassOptions,
    ) -> Result<Self, PassError> {
        let place = server.place().ok_or_else(ApiError::too_many_logs)?;
        let answer = server.send(&format!("{}/log?{}", pod_uri(pod), options.query)).await?;
        if answer.status() != StatusCode::OK {
            return Err(PassError::Answer(ApiAnswer::read(answer).await?));
        }
        // For the audit. A pod that is gone already has no uid to tell.
        let uid = server.pod(pod).await.ok().as_ref().and_then(uid_of);
        let uid = uid.ok_or_else(|| ApiError::Unreachable(io::ErrorKind::NotFound.into()))?;
        let (sender, pieces) = piece_channel(false);
        let passing = pass_on(answer.into_body(), place, sender);
        tokio::spawn(passing.in_current_span());
        let PassOptions { follow, limit_bytes: left, .. } = options;
        let (held, counts) = (Vec::new(), ReadCounts::default());
        Ok(Self { uid, body: PassedBody { pieces, follow, left, held, counts, ended: false } })
    }

    /// The incarnation of the pod.
    #[must_use]
    pub fn uid(&self) -> &PodUid {
        &self.uid
    }
}

/// Hands on a body until it ends or its reader has gone.
async fn pass_on(mut body: Body, _place: OwnedSemaphorePermit, sender: PieceSender) {
    let watched = sender.clone();
    let passing = async {
        let end = loop {
            match body.frame().await {
                None => break FeedEnd::Complete,
                Some(Err(error)) => {
                    break FeedEnd::Failed(FeedFailure::unavailable(error.to_string()));
                }
                Some(Ok(frame)) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    if sender.send_bytes(&bytes).await.is_err() {
                        return;
                    }
                }
            }
        };
        // The reader may leave meanwhile.
        let _ = sender.send(Piece::End(end)).await;
    };
    tokio::select! {
        () = watched.reader_gone() => {}
        () = passing => {}
    }
}

impl PassedBody {
    /// Writes the next bytes behind what stands in `out`.
    ///
    /// # Errors
    /// When the connection to the API server is cut.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        while out.len() < CHUNK {
            if self.left == Some(0) {
                return Ok(Progress::Done(LogEnd::Limit));
            }
            if self.ended {
                let end = if self.follow { LogEnd::ContainerExit } else { LogEnd::Complete };
                return Ok(Progress::Done(end));
            }
            match self.pieces.take() {
                Taken::Piece(Piece::Bytes(bytes, _)) => self.give(&bytes, out),
                Taken::Piece(Piece::End(FeedEnd::Failed(failure))) => {
                    return Err(io::Error::other(failure.reason));
                }
                Taken::Piece(Piece::End(_)) => {
                    let rest = std::mem::take(&mut self.held);
                    self.write(rest, out);
                    self.ended = true;
                }
                // What is told of logs that are read as lines.
                Taken::Piece(_) => {}
                Taken::Awaited | Taken::Quiet => return Ok(Progress::CaughtUp),
            }
        }
        Ok(Progress::More)
    }

    /// Writes what is held, because nothing came for a while or nothing more is read.
    pub(crate) fn write_held(&mut self, out: &mut Vec<u8>) {
        let mut rest = std::mem::take(&mut self.held);
        mask_cut_off(&mut rest);
        self.write(rest, out);
    }

    /// Wakes when there is more.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.pieces.arrivals()
    }

    /// How much was written.
    pub(crate) fn counts(&self) -> ReadCounts {
        self.counts
    }

    /// What was received is little.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        ReadingCost::default()
    }

    fn give(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(bytes);
        if let Some(token) = TokenScan::of(&text).incomplete {
            self.held = text.split_off(token.start);
        }
        self.write(text, out);
    }

    fn write(&mut self, mut text: Vec<u8>, out: &mut Vec<u8>) {
        self.counts.masked += mask_tokens(&mut text);
        if let Some(left) = &mut self.left {
            text.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= text.len() as u64;
        }
        self.counts.bytes += text.len() as u64;
        self.counts.lines += memchr::memchr_iter(b'\n', &text).count() as u64;
        out.append(&mut text);
    }
}
