//! What the task that receives a log tells its reader.

use tokio::time::Instant;

use crate::source::kubernetes::api::container_runs::ContainerRun;

/// A piece of a log.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Bytes that come right behind the last ones, and when the last of them came.
    Bytes(Vec<u8>, Instant),
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
