//! A log on its way out, wherever it is read.

use std::time::Duration;

use bytes::Bytes;
use pod_logs::ReadCounts;
use tokio::sync::watch;

use super::{
    cut::Cut, forced_end::ForcedEnd, forwarded_log::ForwardedLog, log_stream::LogStream,
    merged_nodes::MergedNodes,
};
use crate::{
    auth::{Caller, TokenEnd},
    end_reason::EndReason,
};

/// A log on its way out.
pub(crate) enum LogContent {
    /// Read here.
    Read(Box<LogStream>),
    /// Read by a node, and handed on as it is.
    Forwarded(Box<ForwardedLog>),
    /// Read by several nodes, and merged here.
    Merged(Box<MergedNodes>),
}

impl From<LogStream> for LogContent {
    fn from(log: LogStream) -> Self {
        Self::Read(log.into())
    }
}

impl LogContent {
    /// Warns that the token ends, if the form has words for it.
    pub(crate) fn warning_of(mut self, end: watch::Receiver<TokenEnd>) -> Self {
        match &mut self {
            Self::Read(log) => log.warn_of(end),
            Self::Forwarded(log) => log.warn_of(end),
            Self::Merged(log) => log.warn_of(end),
        }
        self
    }

    /// Leaves out what the caller may not read any more, as the authority describes the caller.
    pub(crate) fn restricted_to(mut self, caller: watch::Receiver<Caller>) -> Self {
        match &mut self {
            Self::Read(log) => log.restrict_to(caller),
            Self::Merged(log) => log.restrict_to(caller),
            // It is of one pod.
            Self::Forwarded(_) => {}
        }
        self
    }

    /// Ends a log that is followed in `left`, once it has caught up.
    pub(crate) fn complete_in(mut self, left: Option<Duration>) -> Self {
        if let Self::Read(log) = &mut self {
            log.complete_in(left);
        }
        // Nodes do so themselves.
        self
    }

    /// Whether the bytes are those of the answer, encoded as the client accepts it.
    pub(crate) fn is_encoded(&self) -> bool {
        matches!(self, Self::Forwarded(log) if !log.form().has_words())
    }

    /// How the body ends if it is ended from outside.
    pub(crate) fn early_end(&self) -> ForcedEnd {
        match self {
            Self::Read(log) => log.early_end(),
            Self::Forwarded(log) => log.early_end(),
            Self::Merged(log) => log.early_end(),
        }
    }

    /// How much of the log there was up to the chunk that was given out last.
    pub(crate) fn counts(&self) -> ReadCounts {
        match self {
            Self::Read(log) => log.counts(),
            Self::Forwarded(log) => log.counts(),
            Self::Merged(log) => log.counts(),
        }
    }

    /// How the log ended, after its last chunk.
    pub(crate) fn end_reason(&self) -> Option<EndReason> {
        match self {
            Self::Read(log) => log.end_reason(),
            Self::Forwarded(log) => log.end_reason(),
            Self::Merged(log) => log.end_reason(),
        }
    }

    /// Whether everything that is there was given out.
    pub(crate) fn is_caught_up(&self) -> bool {
        match self {
            Self::Read(log) => log.is_caught_up(),
            // The node waits as well, for all that is known.
            Self::Forwarded(_) => true,
            Self::Merged(log) => log.is_caught_up(),
        }
    }

    /// All of the log, if that has been read already.
    pub(crate) fn take_whole(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Read(log) => log.take_whole(),
            Self::Forwarded(log) => log.take_whole(),
            Self::Merged(_) => None,
        }
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        match self {
            Self::Read(log) => log.next().await,
            Self::Forwarded(log) => log.next().await,
            Self::Merged(log) => log.next().await,
        }
    }
}
