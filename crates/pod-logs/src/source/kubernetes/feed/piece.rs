//! What is handed from the task that receives a log to its reader.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::source::kubernetes::api::container_runs::ContainerRun;

/// The longest piece, in bytes.
const MAX_PIECE: usize = 64 * 1024;
/// How many pieces wait for the reader: of one log, and of one among many. While no more have room,
/// nothing is received.
const MAX_WAITING: [usize; 2] = [4, 1];

/// A piece of a log.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Bytes that come right behind the last ones.
    Bytes(Bytes),
    /// Lines are gone here, and what has come of a line without its end.
    Gap,
    /// The container was not started yet, for this reason.
    Waiting(String),
    /// The API server does not give more of it at present, and answers with this status, if at all.
    Unreachable(Option<u16>),
    /// It gives more of it again.
    Reachable,
    /// Another run of the container begins.
    Run(ContainerRun),
    /// There is no more.
    End(FeedEnd),
}

/// Why there is no more of a log.
#[derive(Debug)]
pub(crate) enum FeedEnd {
    /// All was received that was asked for, or the run is over.
    Complete,
    /// The pod is gone.
    Gone,
    /// The API server does not give more of it.
    Failed(FeedFailure),
}

/// Why the API server does not give more of a log.
#[derive(Debug, Clone)]
pub(crate) struct FeedFailure {
    /// For our log.
    pub(crate) reason: String,
    pub(crate) kind: FailureKind,
}

/// What is told of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The API server does not permit it to the user for whom it is asked.
    Forbidden,
    /// It answers with this status, if at all.
    Unavailable(Option<u16>),
}

impl FeedFailure {
    /// A failure of which no more is told than that it is one.
    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), kind: FailureKind::Unavailable(None) }
    }
}

/// Hands pieces to the reader, which may be on any thread.
#[derive(Debug, Clone)]
pub(crate) struct PieceSender {
    pieces: mpsc::Sender<Piece>,
    arrived: watch::Sender<u64>,
    is_quiet: Arc<AtomicBool>,
}

/// Takes the pieces of a log.
#[derive(Debug)]
pub(crate) struct PieceReceiver {
    pieces: mpsc::Receiver<Piece>,
    arrived: watch::Receiver<u64>,
    is_quiet: Arc<AtomicBool>,
}

/// What there is to take.
#[derive(Debug)]
pub(crate) enum Taken {
    Piece(Piece),
    /// Nothing yet, but something is expected at once: more of what is there, or the end.
    Awaited,
    /// Nothing, and nothing is expected before the container writes.
    Quiet,
}

/// The reader has gone.
#[derive(Debug)]
pub(crate) struct ReaderGone;

/// Both ends of a log on its way.
pub(crate) fn piece_channel(is_among_many: bool) -> (PieceSender, PieceReceiver) {
    let (to, from) = mpsc::channel(MAX_WAITING[usize::from(is_among_many)]);
    let (arriving, arrived) = watch::channel(0);
    let is_quiet = Arc::new(AtomicBool::new(false));
    (
        PieceSender { pieces: to, arrived: arriving, is_quiet: is_quiet.clone() },
        PieceReceiver { pieces: from, arrived, is_quiet },
    )
}

impl PieceSender {
    /// Waits until the reader has room for the bytes.
    pub(crate) async fn send_bytes(&self, mut bytes: Bytes) -> Result<(), ReaderGone> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(MAX_PIECE));
            self.send(Piece::Bytes(piece)).await?;
        }
        Ok(())
    }

    /// The same for a piece.
    pub(crate) async fn send(&self, piece: Piece) -> Result<(), ReaderGone> {
        self.is_quiet.store(false, Ordering::Release);
        self.pieces.send(piece).await.map_err(|_| ReaderGone)?;
        self.wake();
        Ok(())
    }

    /// Says that nothing is expected before the container writes.
    pub(crate) fn be_quiet(&self) {
        if !self.is_quiet.swap(true, Ordering::Release) {
            self.wake();
        }
    }

    /// Ends when the reader has gone.
    pub(crate) async fn reader_gone(&self) {
        self.pieces.closed().await;
    }

    fn wake(&self) {
        self.arrived.send_modify(|arrivals| *arrivals += 1);
    }
}

impl PieceReceiver {
    /// Of a log of which all was received.
    pub(crate) fn ended() -> Self {
        let (sender, receiver) = piece_channel(false);
        // There is room for it.
        let _ = sender.pieces.try_send(Piece::End(FeedEnd::Complete));
        receiver
    }

    /// The next piece, if it is there.
    pub(crate) fn take(&mut self) -> Taken {
        self.arrived.mark_unchanged();
        // Asked first: a piece that comes after the answer is announced anew.
        let is_quiet = self.is_quiet.load(Ordering::Acquire);
        match self.pieces.try_recv() {
            Ok(piece) => Taken::Piece(piece),
            Err(mpsc::error::TryRecvError::Empty) if is_quiet => Taken::Quiet,
            Err(mpsc::error::TryRecvError::Empty) => Taken::Awaited,
            Err(mpsc::error::TryRecvError::Disconnected) => {
                let failure = FeedFailure::unavailable("the log is not received any more");
                Taken::Piece(Piece::End(FeedEnd::Failed(failure)))
            }
        }
    }

    /// Wakes when there may be something new to take.
    pub(crate) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrived.clone()
    }
}
