//! Reading logs: may the caller, where are they, which lines.

use std::io;

use shared_types::AskedPermission;
use tokio::task::spawn_blocking;

use crate::{
    auth::Caller,
    logs::{
        files::{FilesSource, LocateError, LocatedLog, PodSummary},
        merge::ChosenLines,
        query::LogQuery,
        render::{LogForm, Rendering},
        target::{ContainerName, PodRef},
    },
};

/// Logs up to this size are read at once where the request is handled: handing the work to another
/// thread would take longer than doing it.
const INLINE_BYTES: u64 = 64 * 1024;

/// Gives callers the logs they may read.
#[derive(Debug)]
pub(crate) struct LogReader {
    source: FilesSource,
}

/// A log whose beginning has been read: most of what can fail did not.
#[derive(Debug)]
pub(crate) struct OpenedLog {
    pub(crate) containers: Vec<ContainerName>,
    pub(crate) first_chunk: Vec<u8>,
    /// `None` if that was all.
    pub(crate) rest: Option<Rendering>,
}

/// Why a caller gets no log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// Decided before anything was looked for.
    #[error("the permission {0} is missing")]
    Denied(AskedPermission),
    #[error(transparent)]
    Unavailable(#[from] LocateError),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl LogReader {
    pub(crate) fn new(source: FilesSource) -> Self {
        Self { source }
    }

    /// Finds the log, without reading it.
    pub(crate) fn locate(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Result<LocatedLog, ReadError> {
        caller.may_read(pod).map_err(ReadError::Denied)?;
        Ok(self.source.locate(pod, query)?)
    }

    /// Finds the log and reads its beginning.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: LogQuery,
        form: LogForm,
    ) -> Result<OpenedLog, ReadError> {
        let located = self.locate(caller, pod, &query)?;
        let read_here = located.size() <= INLINE_BYTES;
        let read = move || begin(located, &query, form);
        if read_here {
            Ok(read()?)
        } else {
            Ok(spawn_blocking(read).await.map_err(io::Error::other)??)
        }
    }

    /// The pods whose logs the caller may read.
    pub(crate) async fn pods(&self, caller: &Caller) -> Result<Vec<PodSummary>, ReadError> {
        caller.may_read_any().map_err(ReadError::Denied)?;
        Ok(self.source.pods(|pod| caller.may_read(pod).is_ok())?)
    }
}

fn begin(located: LocatedLog, query: &LogQuery, form: LogForm) -> io::Result<OpenedLog> {
    let lines = ChosenLines::new(located.ranges, query)?;
    let mut rendering = Rendering::new(lines, query, form);
    let mut first_chunk = Vec::new();
    rendering.write_chunk(&mut first_chunk)?;
    let rest = (!rendering.is_done()).then_some(rendering);
    Ok(OpenedLog {
        containers: located.containers,
        first_chunk,
        rest,
    })
}
