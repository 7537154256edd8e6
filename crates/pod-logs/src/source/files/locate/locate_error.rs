//! Why there is no log to give.

use std::io;

use crate::{
    line::target::ContainerName,
    source::files::directory::{missing_log::MissingLog, open_failure::OpenFailure},
};

/// Why there is no log to give.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// There is no directory of this pod.
    #[error("no logs found for this pod")]
    NoPod,
    /// The query names no container, and the pod has these.
    #[error("the pod has several containers")]
    ContainerRequired(Vec<ContainerName>),
    /// The query names a container that is none of these.
    #[error("container not found in this pod")]
    NoContainer(Vec<ContainerName>),
    /// The container has not written anything yet.
    #[error("no log found for this container")]
    NoLog,
    /// The container was not started again, or the log of its previous run was removed.
    #[error("no log found for an earlier run of this container")]
    NoPrevious,
    /// The container has no run of this number, or its log was removed.
    #[error("no log found for this run of this container")]
    NoRun,
    /// The cursor was given with a line of another pod or container.
    #[error("the cursor is of another pod or container")]
    BadCursor,
    /// The lines at the cursor were removed.
    #[error("the data that the cursor points to is gone")]
    CursorExpired,
    /// The API server gives no log, for the reason that it tells.
    #[error("the API server gives no log: {0}")]
    Refused(String),
    /// The API server does not permit it, for the reason that it tells.
    #[error("the API server does not permit it: {0}")]
    Forbidden(String),
    /// One stream alone is asked for, and the cluster does not give that.
    #[error("the cluster does not give one stream of a container alone")]
    NoStreams,
    /// There is a link out of the log directory, or something else that is not a regular file. The
    /// cause is for the log.
    #[error("the file is not a log: {0}")]
    NotALog(io::Error),
    /// The log directory cannot be read right now, so a log may exist or not. The cause belongs in
    /// our log only.
    #[error("cannot read the log directory: {0}")]
    SourceUnavailable(io::Error),
    /// The API server does not answer, or not about this log, so it may exist or not. The cause
    /// belongs in our log only.
    #[error("cannot ask the API server: {0}")]
    ServerUnavailable(io::Error),
    /// The same of the node of the pod.
    #[error("cannot ask the node: {0}")]
    NodeUnavailable(io::Error),
    /// There is a file, but it cannot be read. The cause is for the log.
    #[error("the log cannot be read: {0}")]
    Unreadable(io::Error),
}

impl From<MissingLog> for LocateError {
    fn from(missing: MissingLog) -> Self {
        match missing {
            MissingLog::Log => Self::NoLog,
            MissingLog::Previous => Self::NoPrevious,
            MissingLog::Run => Self::NoRun,
            MissingLog::NotALog(error) => Self::NotALog(error),
            MissingLog::Io(error) => match OpenFailure::of(&error) {
                OpenFailure::Unknown => Self::SourceUnavailable(error),
                _ => Self::Unreadable(error),
            },
        }
    }
}

impl From<io::Error> for LocateError {
    fn from(error: io::Error) -> Self {
        MissingLog::from(error).into()
    }
}
