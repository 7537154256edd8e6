//! Reading logs: may the caller, where are they, which lines.

mod api_server;
mod cluster_logs;
mod many;
mod offers;
#[cfg(test)]
mod reader_tests;

use std::{io, sync::Arc};

use pod_logs::{
    Anchor, ContainerName, Cursor, FilesSource, KubeletOptions, LocateError, LocatedLog, LogForm,
    LogQuery, LogReading, MergeClock, PodRef, PodUid,
};
use service_runtime::{clock::Clock, metrics::Metrics};
use shared_types::AskedPermission;

pub(crate) use self::{
    api_server::PassedReadError, cluster_logs::ClusterLogs, many::ReadManyError,
    offers::SourceOffers,
};
use crate::{
    auth::Caller,
    scans::{ScanError, Scans, UserScans},
    stream::LogStream,
};

/// Gives callers the logs they may read.
#[derive(Debug)]
pub(crate) struct LogReader {
    source: LogSource,
    scans: Arc<Scans>,
    /// How many logs one reading may be of.
    max_logs: usize,
    clock: MergeClock,
}

/// Where logs are read.
#[derive(Debug, Clone)]
pub(crate) enum LogSource {
    /// In the files of this node.
    Files(Arc<FilesSource>),
    /// Other gateways, which are asked instead: there is nothing to read here.
    Nodes,
    /// Through the API server of the cluster.
    Kubernetes(ClusterLogs),
}

/// A log whose beginning was read, and what it is of.
pub(crate) struct BegunLog {
    pub(crate) log: LogStream,
    pub(crate) uid: PodUid,
    pub(crate) containers: Vec<ContainerName>,
}

/// Why a caller gets no log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// Decided before anything was looked for.
    #[error("the permission {0} is missing")]
    Denied(AskedPermission),
    #[error(transparent)]
    Unavailable(#[from] LocateError),
    /// Reads of the same user take all the time that the user has.
    #[error("the user reads too much at once")]
    TooManyScans,
    /// Reads of others take all the time.
    #[error("too much is being read at once")]
    Busy,
}

impl From<ScanError> for ReadError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::TooMany => Self::TooManyScans,
            ScanError::Busy => Self::Busy,
            ScanError::Io(error) => Self::Unavailable(error.into()),
        }
    }
}

impl LogReader {
    /// Lets so many long readings run at once, each of so many logs at most.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn new(
        source: LogSource,
        max_scans: usize,
        max_logs: usize,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let clock = MergeClock::new(move || clock.now());
        Ok(Self { source, scans: Scans::new(max_scans)?, max_logs, clock })
    }

    /// Shows how its source fares.
    pub(crate) fn register(&self, metrics: &Metrics) {
        self.scans.register(metrics);
        let LogSource::Files(files) = &self.source else {
            return;
        };
        let [watched, polled, kept] = [(); 3].map(|()| files.clone());
        metrics.observe_gauge(
            "logs_watched_directories",
            "Followed directories that are watched",
            move || watched.watched_directories(),
        );
        metrics.observe_gauge(
            "logs_polled_directories",
            "Followed directories that cannot be watched and are polled instead",
            move || polled.polled_directories(),
        );
        metrics.observe_gauge(
            "logs_kept_files",
            "Files that are kept open because they are read again and again",
            move || kept.kept_files(),
        );
    }

    /// What the source can do.
    pub(crate) fn offers(&self) -> SourceOffers {
        match &self.source {
            LogSource::Files(_) | LogSource::Nodes => SourceOffers::FILES,
            LogSource::Kubernetes(source) => {
                SourceOffers { stream: source.offers_streams(), ..SourceOffers::KUBERNETES }
            }
        }
    }

    /// Checks that there is such a log, without reading more of it than it takes to believe a
    /// cursor.
    pub(crate) async fn check(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Result<(), ReadError> {
        if let LogSource::Kubernetes(source) = &self.source {
            check_access(caller, pod, query)?;
            return Ok(source.find(caller, pod, query).await?.check(query)?);
        }
        self.locate(caller, pod, query).await.map(drop)
    }

    /// Finds the log, without reading more of it than it takes to find where it begins.
    async fn locate(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Result<LocatedLog, ReadError> {
        check_access(caller, pod, query)?;
        match &self.source {
            LogSource::Files(files) => {
                find(files, &self.scans.of_user(caller.username.clone()), pod, query).await
            }
            LogSource::Nodes => Err(nothing_here().into()),
            // Boxed, so that reads of files do without its room.
            LogSource::Kubernetes(source) => {
                Ok(Box::pin(source.open(caller, pod, query, &self.clock)).await?)
            }
        }
    }

    /// Finds the log and reads its beginning.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        pod: PodRef,
        query: LogQuery,
        form: LogForm,
    ) -> Result<BegunLog, ReadError> {
        let located = self.locate(caller, &pod, &query).await?;
        let scans = self.scans.of_user(caller.username.clone());
        Ok(begin(scans, located, query, form, self.clock.clone()).await?)
    }

    /// Finds the log of one container, by a query that chooses no lines, and reads its beginning as
    /// the kubelet would.
    pub(crate) async fn open_as_kubelet(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: &LogQuery,
        options: KubeletOptions,
    ) -> Result<BegunLog, ReadError> {
        let located = self.locate(caller, pod, query).await?;
        let (uid, containers) = (located.uid().clone(), located.containers());
        let cost = located.cost();
        let make = move || LogReading::of_kubelet(located, &options);
        let scans = self.scans.of_user(caller.username.clone());
        Ok(BegunLog { log: LogStream::open(cost, scans, make).await?, uid, containers })
    }
}

/// Reads the beginning of what was located.
async fn begin(
    scans: UserScans,
    located: LocatedLog,
    query: LogQuery,
    form: LogForm,
    clock: MergeClock,
) -> Result<BegunLog, ScanError> {
    let (uid, containers) = (located.uid().clone(), located.containers());
    let cost = located.cost();
    let make = move || LogReading::of_lines(located, &query, form, clock);
    Ok(BegunLog { log: LogStream::open(cost, scans, make).await?, uid, containers })
}

/// Checks that the caller may read the pod, and that the cursor is one of it.
fn check_access(caller: &Caller, pod: &PodRef, query: &LogQuery) -> Result<(), ReadError> {
    caller.may_read(pod).map_err(ReadError::Denied)?;
    let is_other = |anchor: &Anchor| anchor.cursor().pod != Cursor::pod_checksum(pod);
    match query.anchor.as_ref().is_some_and(is_other) {
        true => Err(LocateError::BadCursor.into()),
        false => Ok(()),
    }
}

/// A front has no logs of its own.
fn nothing_here() -> LocateError {
    LocateError::SourceUnavailable(io::ErrorKind::Unsupported.into())
}

/// Finds a log in files.
async fn find(
    files: &Arc<FilesSource>,
    scans: &UserScans,
    pod: &PodRef,
    query: &LogQuery,
) -> Result<LocatedLog, ReadError> {
    if let Some(found) = files.find_kept(pod, query) {
        return Ok(found?.check()?);
    }
    if query.is_of_files_by_name() {
        return Ok(files.find(pod, query)?.check()?);
    }
    let (files, pod, query) = (files.clone(), pod.clone(), query.clone());
    Ok(Box::pin(scans.request(move || files.find(&pod, &query)?.check())).await??)
}
