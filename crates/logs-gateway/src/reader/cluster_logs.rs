//! Logs of a cluster, asked for under the name of the caller if the cluster knows callers.

use pod_logs::{
    ApiAnswer, ApiError, FoundPodLogs, ImpersonatedUser, KubernetesSource, LocateError, LocatedLog,
    LogQuery, PassError, PassOptions, PassedLog, PodRef, SeenPod, Workload, WorkloadRef,
};
use serde_json::Value;

use crate::{auth::Caller, impersonation::Impersonation};

/// The logs of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct ClusterLogs {
    source: KubernetesSource,
    /// `None`: the rights of the gateway count for all callers.
    impersonation: Option<Impersonation>,
}

impl ClusterLogs {
    pub(crate) fn new(source: KubernetesSource, impersonation: Option<Impersonation>) -> Self {
        Self { source, impersonation }
    }

    /// Whether the cluster gives out one stream of a container alone, as far as that is known.
    pub(super) fn offers_streams(&self) -> bool {
        self.source.offers_streams()
    }

    pub(super) async fn find(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Result<FoundPodLogs, LocateError> {
        self.source.find(pod, query, self.user_of(caller)).await
    }

    pub(super) async fn open(
        &self,
        caller: &Caller,
        pod: &PodRef,
        query: &LogQuery,
    ) -> Result<LocatedLog, LocateError> {
        self.source.open(pod, query, self.user_of(caller)).await
    }

    pub(super) async fn pass(
        &self,
        caller: &Caller,
        pod: &PodRef,
        options: PassOptions,
    ) -> Result<PassedLog, PassError> {
        self.source.pass(pod, options, self.user_of(caller)).await
    }

    pub(super) async fn answer_about(
        &self,
        caller: &Caller,
        pod: &PodRef,
    ) -> Result<ApiAnswer, ApiError> {
        self.source.server(self.user_of(caller)).answer_about(pod).await
    }

    /// The workload; `None` if there is none, or the cluster does not show it to the caller.
    pub(super) async fn workload(
        &self,
        caller: &Caller,
        workload: &WorkloadRef,
    ) -> Result<Option<Workload>, ApiError> {
        match self.source.workload(workload, self.user_of(caller)).await {
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) if error.is_forbidden() && self.impersonation.is_some() => Ok(None),
            found => found.map(Some),
        }
    }

    /// The pod as the cluster shows it to the caller. `None` if the rights of callers in the cluster
    /// do not count: all know the same pods then.
    pub(super) async fn pod_of_caller(
        &self,
        caller: &Caller,
        pod: &PodRef,
    ) -> Option<Result<Option<SeenPod>, ApiError>> {
        let user = self.user_of(caller)?;
        Some(self.source.reduced_pod(pod, Some(user)).await)
    }

    /// Whether the cluster allows an action to the caller, if the rights of callers count.
    pub(super) async fn allows(
        &self,
        caller: &Caller,
        attributes: &Value,
    ) -> Result<bool, ApiError> {
        match self.user_of(caller) {
            Some(user) => self.source.is_allowed(attributes, user).await,
            None => Ok(true),
        }
    }

    fn user_of(&self, caller: &Caller) -> Option<ImpersonatedUser> {
        Some(self.impersonation.as_ref()?.user_of(caller))
    }
}
