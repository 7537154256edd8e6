//! The way from the task that receives a log to its reader, who may be on any thread.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use super::piece::{FeedEnd, FeedFailure, Piece};

/// The longest piece, in bytes.
const MAX_PIECE: usize = 64 * 1024;
/// What comes within this time, before the reader takes it, is one piece: an API server may send each
/// line by itself.
const GATHERED: Duration = Duration::from_millis(100);
/// How many bytes wait for the reader: of one log, and of one among many. While no more have room,
/// nothing is received.
const MAX_BYTES: [usize; 2] = [256 * 1024, 64 * 1024];
/// How many pieces wait at most, if they have few bytes or none. Behind them, more is gathered.
const MAX_PIECES: usize = 16;

/// Hands pieces to the reader.
#[derive(Debug, Clone)]
pub(crate) struct PieceSender {
    queue: Arc<PieceQueue>,
    arrived: watch::Sender<u64>,
    taken: watch::Receiver<()>,
}

/// Takes the pieces of a log.
#[derive(Debug)]
pub(crate) struct PieceReceiver {
    queue: Arc<PieceQueue>,
    arrived: watch::Receiver<u64>,
    taken: watch::Sender<()>,
}

/// What waits for the reader.
#[derive(Debug)]
struct PieceQueue {
    waiting: Mutex<WaitingPieces>,
    max_bytes: usize,
    /// Nothing is expected before the container writes.
    is_quiet: AtomicBool,
}

#[derive(Debug, Default)]
struct WaitingPieces {
    pieces: VecDeque<Piece>,
    bytes: usize,
    /// When the first bytes of the last piece came.
    begun_at: Option<Instant>,
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
    let queue = Arc::new(PieceQueue {
        waiting: Mutex::default(),
        max_bytes: MAX_BYTES[usize::from(is_among_many)],
        is_quiet: AtomicBool::new(false),
    });
    let (arriving, arrived) = watch::channel(0);
    let (taking, taken) = watch::channel(());
    (
        PieceSender { queue: queue.clone(), arrived: arriving, taken },
        PieceReceiver { queue, arrived, taken: taking },
    )
}

impl PieceSender {
    /// Waits until the reader has room for the bytes.
    pub(crate) async fn send_bytes(&self, mut bytes: &[u8]) -> Result<(), ReaderGone> {
        let max = self.queue.max_bytes;
        self.send_when(|waiting| {
            let room = max.saturating_sub(waiting.bytes);
            let (first, rest) = bytes.split_at(bytes.len().min(room));
            waiting.add_bytes(first);
            bytes = rest;
            rest.is_empty()
        })
        .await
    }

    /// The same for a piece.
    pub(crate) async fn send(&self, piece: Piece) -> Result<(), ReaderGone> {
        let mut piece = Some(piece);
        self.send_when(|waiting| {
            let has_room = waiting.pieces.len() < MAX_PIECES;
            waiting.pieces.extend(piece.take_if(|_| has_room));
            has_room
        })
        .await
    }

    /// Says that nothing is expected before the container writes.
    pub(crate) fn be_quiet(&self) {
        if !self.queue.is_quiet.swap(true, Ordering::Release) {
            self.wake();
        }
    }

    /// Ends when the reader has gone.
    pub(crate) async fn reader_gone(&self) {
        let mut taken = self.taken.clone();
        while taken.changed().await.is_ok() {}
    }

    /// Adds to what waits until all was added, whenever the reader has taken something.
    async fn send_when(
        &self,
        mut add: impl FnMut(&mut WaitingPieces) -> bool,
    ) -> Result<(), ReaderGone> {
        let mut taken = self.taken.clone();
        self.queue.is_quiet.store(false, Ordering::Release);
        loop {
            // Asked first: what is taken after the answer is told anew.
            taken.borrow_and_update();
            let is_sent = add(&mut self.queue.waiting());
            self.wake();
            if is_sent {
                return taken.has_changed().map(|_| ()).map_err(|_| ReaderGone);
            }
            taken.changed().await.map_err(|_| ReaderGone)?;
        }
    }

    fn wake(&self) {
        self.arrived.send_modify(|arrivals| *arrivals += 1);
    }
}

impl PieceReceiver {
    /// Of a log of which all was received.
    pub(crate) fn ended() -> Self {
        let (_, receiver) = piece_channel(false);
        receiver.queue.waiting().pieces.push_back(Piece::End(FeedEnd::Complete));
        receiver
    }

    /// The next piece, if it is there.
    pub(crate) fn take(&mut self) -> Taken {
        // Asked first: a piece that comes after the answers is announced anew.
        let is_over = self.arrived.has_changed().is_err();
        self.arrived.mark_unchanged();
        let is_quiet = self.queue.is_quiet.load(Ordering::Acquire);
        let piece = self.queue.waiting().take();
        if let Some(piece) = piece {
            // Without a sender nobody has to know.
            let _ = self.taken.send(());
            return Taken::Piece(piece);
        }
        match is_over {
            true => {
                let failure = FeedFailure::unavailable("the log is not received any more");
                Taken::Piece(Piece::End(FeedEnd::Failed(failure)))
            }
            false if is_quiet => Taken::Quiet,
            false => Taken::Awaited,
        }
    }

    /// Wakes when there may be something new to take.
    pub(crate) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrived.clone()
    }
}

impl PieceQueue {
    fn waiting(&self) -> MutexGuard<'_, WaitingPieces> {
        // Each change is whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitingPieces {
    fn add_bytes(&mut self, mut bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let now = Instant::now();
        self.bytes += bytes.len();
        let is_gathered = self.pieces.len() >= MAX_PIECES
            || self.begun_at.is_some_and(|begun_at| now - begun_at < GATHERED);
        if let Some(Piece::Bytes(last, came_at)) = self.pieces.back_mut().filter(|_| is_gathered) {
            let (first, rest) = bytes.split_at(bytes.len().min(MAX_PIECE - last.len()));
            last.extend_from_slice(first);
            (*came_at, bytes) = (now, rest);
        }
        for piece in bytes.chunks(MAX_PIECE) {
            self.begun_at = Some(now);
            self.pieces.push_back(Piece::Bytes(piece.to_vec(), now));
        }
    }

    fn take(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        if let Piece::Bytes(bytes, _) = &piece {
            self.bytes -= bytes.len();
        }
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::advance;

    use super::*;

    fn bytes(taken: Taken) -> Vec<u8> {
        match taken {
            Taken::Piece(Piece::Bytes(bytes, _)) => bytes,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_comes_before_it_is_taken_is_one_piece() {
        let (sender, mut receiver) = piece_channel(true);
        for line in ["a\n", "b\n"] {
            sender.send_bytes(line.as_bytes()).await.unwrap();
        }
        sender.send(Piece::Gap).await.unwrap();
        sender.send_bytes(b"c\n").await.unwrap();
        assert_eq!(bytes(receiver.take()), b"a\nb\n");
        assert!(matches!(receiver.take(), Taken::Piece(Piece::Gap)));
        assert_eq!(bytes(receiver.take()), b"c\n");
        assert!(matches!(receiver.take(), Taken::Awaited));
        sender.be_quiet();
        assert!(matches!(receiver.take(), Taken::Quiet));
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_told_from_what_has_just_come() {
        let (sender, mut receiver) = piece_channel(true);
        let ages = [Duration::from_secs(3), Duration::from_secs(1), Duration::ZERO];
        for (age, next) in ages.iter().zip([2, 1, 0]) {
            sender.send_bytes(format!("{age:?}").as_bytes()).await.unwrap();
            advance(Duration::from_secs(next)).await;
        }
        for age in ages {
            let Taken::Piece(Piece::Bytes(bytes, came_at)) = receiver.take() else { panic!() };
            assert_eq!((bytes, came_at.elapsed()), (format!("{age:?}").into_bytes(), age));
        }
        // However long it takes, the number of pieces is bounded.
        for _ in 0..10 * MAX_PIECES {
            sender.send_bytes(b"line").await.unwrap();
            advance(GATHERED).await;
        }
        assert_eq!(receiver.queue.waiting().pieces.len(), MAX_PIECES);
    }

    #[tokio::test]
    async fn bytes_wait_for_room_and_come_in_their_order() {
        let all: Vec<u8> = (0..3 * MAX_BYTES[1]).map(|at| (at % 251) as u8).collect();
        let (sender, mut receiver) = piece_channel(true);
        let mut sending = Box::pin(sender.send_bytes(&all));
        let mut received = Vec::new();
        while (&mut sending).now_or_never().is_none() {
            assert_eq!(sender.queue.waiting().bytes, MAX_BYTES[1]);
            received.extend(bytes(receiver.take()));
        }
        while received.len() < all.len() {
            received.extend(bytes(receiver.take()));
        }
        assert!(received == all);
    }

    #[tokio::test]
    async fn the_number_of_pieces_is_bounded() {
        let (sender, mut receiver) = piece_channel(false);
        for _ in 0..MAX_PIECES {
            sender.send(Piece::Gap).await.unwrap();
        }
        assert!(sender.send(Piece::Gap).now_or_never().is_none());
        receiver.take();
        sender.send(Piece::Gap).await.unwrap();
    }

    #[tokio::test]
    async fn each_end_notices_that_the_other_has_gone() {
        let (sender, receiver) = piece_channel(false);
        assert!(sender.reader_gone().now_or_never().is_none());
        drop(receiver);
        sender.reader_gone().await;
        assert!(sender.send_bytes(b"a").await.is_err());
        let (sender, mut receiver) = piece_channel(false);
        sender.send_bytes(b"a").await.unwrap();
        drop(sender);
        assert_eq!(bytes(receiver.take()), b"a");
        assert!(matches!(receiver.take(), Taken::Piece(Piece::End(FeedEnd::Failed(_)))));
    }
}
