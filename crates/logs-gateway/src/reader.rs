//! Reading logs: may the caller, where are they, which lines.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use service_runtime::{clock::Clock, metrics::Metrics};
use shared_types::AskedPermission;

use crate::{
    auth::Caller,
    logs::{
        cursor::Cursor,
        files::{FilesSource, LocateError, LocatedLog, PodSummary, Survey, TooOld, Watching},
        kubelet::{KubeletOptions, KubeletReading},
        merge::ChosenLines,
        query::LogQuery,
        render::{Labels, LogForm, Rendering},
        target::{ContainerName, PodRef},
    },
    stream::{Bounds, LogStream},
};

/// Gives callers the logs they may read.
#[derive(Debug)]
pub(crate) struct LogReader {
    source: Arc<FilesSource>,
    bounds: Bounds,
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
    /// Reads at most `max_scans` compressed files at once.
    pub(crate) fn new(source: FilesSource, max_scans: usize) -> Self {
        Self { source: Arc::new(source), bounds: Bounds::new(max_scans) }
    }

    /// Shows how its source fares.
    pub(crate) fn register(&self, metrics: &Metrics) {
        self.source.register(metrics);
    }

    /// Finds the log, without reading it.
    pub(crate) fn locate(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Result<LocatedLog, ReadError> {
        caller.may_read(pod).map_err(ReadError::Denied)?;
        if let Some(anchor) = &query.anchor
            && anchor.cursor().pod != Cursor::pod_checksum(pod)
        {
            return Err(LocateError::BadCursor.into());
        }
        Ok(self.source.locate(pod, query)?)
    }

    /// Finds the log and reads its beginning. Also tells which containers it is of.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        pod: PodRef,
        query: LogQuery,
        form: LogForm,
    ) -> Result<(LogStream, Vec<ContainerName>), ReadError> {
        let located = self.locate(caller, &pod, &query)?;
        Ok(self.begin(located, pod, query, form).await?)
    }

    /// Reads the beginning of what was located.
    async fn begin(
        &self,
        located: LocatedLog,
        pod: PodRef,
        query: LogQuery,
        form: LogForm,
    ) -> io::Result<(LogStream, Vec<ContainerName>)> {
        let cost = located.cost();
        let LocatedLog { uid, containers } = located;
        let (containers, inputs): (Vec<_>, Vec<_>) =
            containers.into_iter().map(|container| (container.name, container.input)).unzip();
        let followed = inputs.iter().filter_map(|input| input.following.as_ref());
        let changes = followed.map(|following| following.log.subscribe()).collect();
        let labels = Labels { pod, uid, containers: containers.clone() };
        let make = move || {
            let lines = ChosenLines::new(inputs, &query)?;
            Ok(Rendering::new(lines, labels, &query, form).into())
        };
        let stream = LogStream::open(cost, self.bounds.clone(), make).await?;
        Ok((stream.waiting_for(changes), containers))
    }

    /// Finds the log of one container, by a query that chooses no lines, and reads its beginning as
    /// the kubelet would.
    pub(crate) async fn open_as_kubelet(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: &LogQuery,
        options: KubeletOptions,
    ) -> Result<LogStream, ReadError> {
        let mut located = self.locate(caller, pod, query)?;
        let cost = located.cost();
        let input = located.containers.pop().ok_or(LocateError::NoLog)?.input;
        let followed = input.following.as_ref();
        let changes = followed.map(|following| following.log.subscribe()).into_iter().collect();
        let make = move || Ok(KubeletReading::new(input, &options)?.into());
        let stream = LogStream::open(cost, self.bounds.clone(), make).await?;
        Ok(stream.waiting_for(changes))
    }

    /// The text of a log for somebody who needs no permission: nobody on the network.
    pub(crate) async fn open_unasked(
        &self,
        pod: PodRef,
        query: LogQuery,
    ) -> Result<LogStream, LocateError> {
        let located = self.source.locate(&pod, &query)?;
        Ok(self.begin(located, pod, query, LogForm::Text).await?.0)
    }

    /// All pods, whoever may see them. Reads directories: not on a request's thread.
    pub(crate) fn survey(&self, now: DateTime<Utc>) -> io::Result<Arc<Survey>> {
        self.source.survey(now)
    }

    /// What changes after this version of the survey, whoever may see it.
    pub(crate) fn watch(&self, version: u64, clock: Arc<dyn Clock>) -> Result<Watching, TooOld> {
        self.source.watch(version, clock)
    }

    /// The pods whose logs the caller may read.
    pub(crate) fn pods(&self, caller: &Caller) -> Result<Vec<PodSummary>, ReadError> {
        caller.may_read_any().map_err(ReadError::Denied)?;
        Ok(self.source.pods(|pod| caller.may_read(pod).is_ok())?)
    }
}
