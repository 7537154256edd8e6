//! Logs of a cluster, asked for under the name of the caller if the cluster knows callers.

use pod_logs::{
    ApiAnswer, ApiError, FoundPodLogs, ImpersonatedUser, KubernetesSource, LocateError, LocatedLog,
    LocatedLogs, LogQuery, LogSelection, ManyPods, MergeClock, MergedCursor, PassError,
    PassOptions, PassedLog, PodRef, SeenPod, WatchedPods, Workload, WorkloadRef,
};
use serde_json::Value;

use super::{ReadError, many::ReadManyError, nothing_here};
use crate::{
    auth::Caller,
    impersonation::Impersonation,
    pods::{CatalogError, PodCatalogs},
};

/// Which logs of many pods a caller asks for.
pub(super) struct AskedLogs {
    pub(super) selection: LogSelection,
    /// The only namespace, if it is one.
    pub(super) namespace: Option<String>,
    pub(super) resumed: Option<MergedCursor>,
    pub(super) clock: MergeClock,
}

/// The logs of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct ClusterLogs {
    source: KubernetesSource,
    /// `None`: the rights of the gateway count for all callers.
    impersonation: Option<Impersonation>,
    /// The pods that callers may know.
    pods: PodCatalogs,
}

impl ClusterLogs {
    pub(crate) fn new(
        source: KubernetesSource,
        impersonation: Option<Impersonation>,
        pods: PodCatalogs,
    ) -> Self {
        Self { source, impersonation, pods }
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
        clock: &MergeClock,
    ) -> Result<LocatedLog, LocateError> {
        let user = self.user_of(caller);
        if query.is_joined_by_containers()
            && !query.previous
            && let Some(watched) = self.watched(caller, pod, clock).await
        {
            return self.source.open_watched(pod, query, user, &watched).await;
        }
        self.source.open(pod, query, user).await
    }

    /// Reports containers that start later. `None` if the cluster does not let the caller list pods:
    /// such a caller gets the containers that there are.
    async fn watched(
        &self,
        caller: &Caller,
        pod: &PodRef,
        clock: &MergeClock,
    ) -> Option<WatchedPods> {
        let catalog = self.pods.of_caller(caller, Some(pod.namespace.as_str())).await;
        let catalog = catalog.inspect_err(|error| match error {
            CatalogError::Refused(_) => {
                tracing::debug!(%error, "cannot watch a pod for new containers");
            }
            CatalogError::Unavailable(_) => {
                tracing::warn!(%error, "cannot watch a pod for new containers");
            }
        });
        let pods = catalog.ok()?.cluster()?.clone();
        Some(WatchedPods { pods, clock: clock.clone() })
    }

    pub(super) async fn check_many(
        &self,
        caller: &Caller,
        asked: AskedLogs,
        query: &LogQuery,
    ) -> Result<(), ReadManyError> {
        let many = self.many(caller, asked).await?;
        Ok(self.source.check_many(&many, query, self.user_of(caller)).await?)
    }

    pub(super) async fn open_many(
        &self,
        caller: &Caller,
        asked: AskedLogs,
        query: &LogQuery,
    ) -> Result<LocatedLogs, ReadManyError> {
        let many = self.many(caller, asked).await?;
        Ok(self.source.open_many(many, query, self.user_of(caller)).await?)
    }

    async fn many(&self, caller: &Caller, asked: AskedLogs) -> Result<ManyPods, ReadManyError> {
        let AskedLogs { selection, namespace, resumed, clock } = asked;
        let catalog = self.pods.of_caller(caller, namespace.as_deref()).await?;
        let pods = catalog.cluster().cloned().ok_or_else(nothing_here).map_err(ReadError::from)?;
        Ok(ManyPods { pods, selection, resumed, clock })
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
