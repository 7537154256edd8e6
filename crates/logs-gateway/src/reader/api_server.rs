//! What only an API server gives.

use pod_logs::{
    ApiAnswer, ApiError, LocateError, LogReading, PassError, PassOptions, PodRef, ReadingCost,
    SeenPod, Workload, WorkloadRef,
};
use serde_json::Value;

use super::{BegunLog, LogReader, LogSource, ReadError, cluster_logs::ClusterLogs};
use crate::{auth::Caller, stream::LogStream};

/// Why a caller gets no log in the bytes of the API server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassedReadError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The API server answers otherwise.
    #[error(transparent)]
    Pass(#[from] PassError),
}

impl LogReader {
    /// Begins to read a log in the very bytes of the API server.
    ///
    /// # Errors
    /// When the API server is not the source, or does not give the log.
    pub(crate) async fn pass(
        &self,
        caller: &Caller,
        pod: &PodRef,
        options: PassOptions,
    ) -> Result<BegunLog, PassedReadError> {
        caller.may_read(pod).map_err(ReadError::Denied)?;
        let LogSource::Kubernetes(source) = &self.source else {
            return Err(ReadError::Unavailable(LocateError::NoLog).into());
        };
        let passed = source.pass(caller, pod, options).await?;
        let uid = passed.uid().clone();
        let make = move || Ok(LogReading::of_passed(passed));
        let scans = self.scans.of_user(caller.username.clone());
        let log = LogStream::open(ReadingCost::default(), scans, make).await;
        Ok(BegunLog { log: log.map_err(ReadError::from)?, uid, containers: Vec::new() })
    }

    /// What the API server says of a pod, as it is, if that is the source.
    pub(crate) async fn answer_about(
        &self,
        caller: &Caller,
        pod: &PodRef,
    ) -> Option<Result<ApiAnswer, ApiError>> {
        Some(self.cluster()?.answer_about(caller, pod).await)
    }

    /// What the API server says of a pod to the caller, if the rights of callers in the cluster
    /// count. The pod is `None` if it is not one whose logs could be asked for.
    pub(crate) async fn pod_of_caller(
        &self,
        caller: &Caller,
        pod: &PodRef,
    ) -> Option<Result<Option<SeenPod>, ApiError>> {
        self.cluster()?.pod_of_caller(caller, pod).await
    }

    /// Whether the rights of the caller in the cluster allow an action, where they count.
    ///
    /// # Errors
    /// When the API server does not tell.
    pub(crate) async fn cluster_allows(
        &self,
        caller: &Caller,
        attributes: &Value,
    ) -> Result<bool, ApiError> {
        match self.cluster() {
            Some(cluster) => cluster.allows(caller, attributes).await,
            None => Ok(true),
        }
    }

    /// Whether the source knows objects that select pods.
    pub(crate) fn knows_workloads(&self) -> bool {
        self.cluster().is_some()
    }

    /// The workload, if the source knows it.
    ///
    /// # Errors
    /// When the API server does not tell.
    pub(crate) async fn workload(
        &self,
        caller: &Caller,
        workload: &WorkloadRef,
    ) -> Result<Option<Workload>, ApiError> {
        match self.cluster() {
            Some(cluster) => cluster.workload(caller, workload).await,
            None => Ok(None),
        }
    }

    fn cluster(&self) -> Option<&ClusterLogs> {
        match &self.source {
            LogSource::Files(_) | LogSource::Nodes => None,
            LogSource::Kubernetes(cluster) => Some(cluster),
        }
    }
}
