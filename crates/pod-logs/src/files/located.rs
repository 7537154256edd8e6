//! What there is to answer a query with, or why there is nothing.

use std::{io, sync::Arc};

use super::{open_failure::OpenFailure, pod::Missing};
use crate::{
    file::{LogFile, ReadingCost},
    merge::LogInput,
    target::{ContainerName, PodUid},
};

/// The logs that answer a query. Whether the query's cursor is right about them is not known yet.
#[derive(Debug)]
pub struct FoundLog {
    pub(super) log: LocatedLog,
    pub(super) claims: Vec<Claim>,
}

/// What a cursor says: that a line begins there.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) file: Arc<LogFile>,
    /// In bytes of the file's content.
    pub(super) offset: u64,
}

/// The logs that answer a query, as they are at this instant.
#[derive(Debug)]
pub struct LocatedLog {
    /// The incarnation of the pod.
    pub uid: PodUid,
    /// A log of each container.
    pub logs: Vec<LogInput>,
}

/// Why there is no log to give.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// There is no directory of this pod.
    #[error("there are no logs of this pod")]
    NoPod,
    /// The query names no container, and the pod has these.
    #[error("the pod has several containers")]
    ContainerRequired(Vec<ContainerName>),
    /// The query names a container that is none of these.
    #[error("the pod has no such container")]
    NoContainer(Vec<ContainerName>),
    /// The container has not written anything yet.
    #[error("there is no log of this container")]
    NoLog,
    /// The container was not started again, or the log of its previous run was removed.
    #[error("there is no log of an earlier run of this container")]
    NoPrevious,
    /// The cursor was given with a line of another pod or container.
    #[error("the cursor is of another pod or container")]
    BadCursor,
    /// The lines at the cursor were removed.
    #[error("what the cursor points to is gone")]
    CursorExpired,
    /// There is a link out of the log directory, or something else that is not a regular file. The
    /// cause is for the log.
    #[error("the file is not a log: {0}")]
    NotALog(io::Error),
    /// The log directory cannot be read right now, so a log may exist or not. The cause belongs in
    /// our log only.
    #[error("the log directory cannot be looked at: {0}")]
    SourceUnavailable(io::Error),
    /// There is a file, but it cannot be read. The cause is for the log.
    #[error("the log cannot be read: {0}")]
    Unreadable(io::Error),
}

impl From<Missing> for LocateError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Log => Self::NoLog,
            Missing::Previous => Self::NoPrevious,
            Missing::NotALog(error) => Self::NotALog(error),
            Missing::Io(error) => match OpenFailure::of(&error) {
                OpenFailure::Unknown => Self::SourceUnavailable(error),
                _ => Self::Unreadable(error),
            },
        }
    }
}

impl From<io::Error> for LocateError {
    fn from(error: io::Error) -> Self {
        Missing::from(error).into()
    }
}

impl FoundLog {
    /// Believes nothing that was not looked at. A compressed file is read up to the place, wherever
    /// that is.
    ///
    /// # Errors
    /// When no line begins where one should.
    pub fn check(self) -> Result<LocatedLog, LocateError> {
        for Claim { file, offset } in &self.claims {
            if !file.has_line_at(*offset)? {
                return Err(LocateError::CursorExpired);
            }
        }
        Ok(self.log)
    }
}

impl LocatedLog {
    /// What it takes to read all of it.
    pub fn cost(&self) -> ReadingCost {
        self.logs.iter().map(|log| log.chain.cost()).sum()
    }
}
