//! Receives the log of a container, over as many connections as it takes.

mod bodies;
mod retry;
mod runs;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{runtime::Handle, time::Instant};
use tracing::Instrument;

use self::runs::{GoOnError, RunStart};
use super::{
    continuation::Continuation,
    feed_group::FeedGroup,
    line_place::LinePlace,
    line_tracker::LineTracker,
    piece::{FeedEnd, Piece},
    piece_channel::{PieceReceiver, PieceSender, ReaderGone, piece_channel},
};
use crate::{
    line::{stream::OutputStream, target::LogName},
    source::kubernetes::api::{
        api_error::ApiError,
        api_server::{ApiServer, OpenLog},
        container_runs::ContainerRun,
    },
};

/// For how long the API server may fail before a log ends that is not followed with others.
const PATIENCE: Duration = Duration::from_secs(60);
/// For how long logs that are followed wait for another one whose connection was cut.
const GRACE: Duration = Duration::from_secs(1);

/// Which part of a log is received.
#[derive(Debug, Clone)]
pub(crate) struct FeedOptions {
    pub(crate) follow: bool,
    /// Goes on with the next run when one is over.
    pub(crate) spans_runs: bool,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) tail_lines: Option<u64>,
    pub(crate) stream: Option<OutputStream>,
    /// Of a log that is read with others.
    pub(crate) group: Option<Arc<FeedGroup>>,
}

/// Where a log is begun.
#[derive(Debug, Clone)]
pub(crate) struct FeedStart {
    /// `None`: the container has not been started.
    pub(crate) run: Option<ContainerRun>,
    /// The run is the one before the present one.
    pub(crate) is_previous: bool,
    /// Which bytes of the run were received before.
    pub(crate) tracker: LineTracker,
    /// Lines before the start are gone.
    pub(crate) is_after_loss: bool,
    /// Why the container was not started, if it was not and that is known.
    pub(crate) waits_for: String,
}

/// Receives the log of a container.
pub(crate) struct LogFeed {
    server: ApiServer,
    log: LogName,
    options: FeedOptions,
    run: Option<ContainerRun>,
    /// Why there was no run when it was looked last.
    waits_for: String,
    tracker: LineTracker,
    pieces: PieceSender,
    /// It was told that the API server gives no more at present.
    is_unreachable: bool,
}

/// An answer with a log, and where the log goes on in it.
pub(crate) struct Connection {
    log: OpenLog,
    /// `None` once it was found.
    continuation: Option<Continuation>,
    is_followed: bool,
}

/// How the body of an answer ended.
enum BodyEnd {
    Clean,
    Cut,
}

/// Why a connection does not give the log that was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Another run, or another incarnation of the pod, has taken its place.
    #[error("the container was started again")]
    OtherRun,
}

/// Why a log is not received any more.
enum Stop {
    Reader,
    End(FeedEnd),
}

impl From<ReaderGone> for Stop {
    fn from(_: ReaderGone) -> Self {
        Self::Reader
    }
}

impl LogFeed {
    /// Prepares to receive. What is received comes out at the other end.
    pub(crate) fn new(
        server: ApiServer,
        log: LogName,
        options: FeedOptions,
        start: &FeedStart,
    ) -> (Self, PieceReceiver) {
        let (pieces, received) = piece_channel(options.group.is_some());
        let FeedStart { run, tracker, waits_for, .. } = start.clone();
        let is_unreachable = false;
        (Self { server, log, options, run, waits_for, tracker, pieces, is_unreachable }, received)
    }

    /// Begins to read the log where it is to be begun.
    pub(crate) async fn connect(&self, is_previous: bool) -> Result<Connection, ConnectionError> {
        let follow = self.options.follow && !is_previous;
        self.connect_to(follow, is_previous).await
    }

    /// Receives on a task of its own until the log ends or its reader has gone.
    pub(crate) fn start(self, connection: Option<Connection>, is_after_loss: bool) {
        let group = self.options.group.clone();
        let receiving = async move {
            if is_after_loss && self.pieces.send(Piece::Gap).await.is_err() {
                return;
            }
            self.receive(connection).await;
        };
        let runtime = group.map_or_else(Handle::current, |group| group.runtime().clone());
        runtime.spawn(receiving.in_current_span());
    }

    async fn receive(mut self, connection: Option<Connection>) {
        let pieces = self.pieces.clone();
        let stop = tokio::select! {
            () = pieces.reader_gone() => Stop::Reader,
            Err(stop) = self.receive_all(connection) => stop,
        };
        if let Stop::End(end) = stop {
            // The reader may leave meanwhile.
            let _ = pieces.send(Piece::End(end)).await;
        }
    }

    /// Receives run after run. Only an error ends it.
    async fn receive_all(&mut self, mut connection: Option<Connection>) -> Result<(), Stop> {
        loop {
            if self.run.is_none() {
                connection = self.next_run().await?;
            }
            self.receive_run(connection.take()).await?;
            connection = match self.options {
                FeedOptions { spans_runs: true, follow: true, .. } => self.next_run().await?,
                FeedOptions { spans_runs: true, .. } => match self.present_run().await? {
                    RunStart::Begun(connection) => connection.map(|begun| *begun),
                    RunStart::NotYet => return Err(Stop::End(FeedEnd::Complete)),
                },
                _ => return Err(Stop::End(FeedEnd::Complete)),
            };
        }
    }

    /// Receives the rest of the run.
    async fn receive_run(&mut self, mut connection: Option<Connection>) -> Result<(), Stop> {
        let mut retry = self.retry();
        loop {
            if let Some(connection) = connection.take() {
                self.note_reachable().await?;
                let is_followed = connection.is_followed;
                let (before, begun_at) = (self.received(), Instant::now());
                let end = self.receive_body(connection).await?;
                if self.received() != before || begun_at.elapsed() >= PATIENCE {
                    retry = self.retry();
                }
                if matches!(end, BodyEnd::Clean) && !is_followed {
                    return Ok(());
                }
                retry.wait().await?;
            }
            match self.quiet_after(GRACE, self.go_on()).await {
                Ok(Some(next)) => connection = Some(next),
                Ok(None) => return Ok(()),
                Err(GoOnError::Stop(stop)) => return Err(stop),
                Err(GoOnError::Connection(error)) => self.wait_after(&error, &mut retry).await?,
            }
        }
    }

    /// Up to where the run was received.
    fn received(&self) -> (Option<LinePlace>, usize) {
        (self.tracker.place(), self.tracker.begun().length())
    }
}
