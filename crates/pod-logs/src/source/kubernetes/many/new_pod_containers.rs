//! Containers that are started in a pod while all of its containers are followed.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::watch;

use super::{
    begun_log::LogBegin,
    selecting::{ManySource, object_of},
};
use crate::{
    line::target::{ContainerName, LogName, PodRef, PodUid},
    merge_clock::MergeClock,
    query::LogQuery,
    source::{
        files::{locate::locate_error::LocateError, located::LocatedLog},
        kubernetes::{
            api::api_server::{ApiServer, ImpersonatedUser},
            feed::feed_group::FeedGroup,
            kubernetes_source::KubernetesSource,
            pods::cluster_pods::ClusterPods,
        },
        log_input::{LogInput, ManyInput, NewLogs},
        pods::{pod_watch::PodWatch, seen_pod::SeenPod},
    },
};

/// What tells of containers that are started in a pod.
#[derive(Debug)]
pub struct JoinedPods {
    /// The pods that are known, the followed one among them.
    pub pods: Arc<ClusterPods>,
    /// The time at which pods are looked at.
    pub clock: MergeClock,
}

/// Finds the containers of a pod that a reader does not have yet.
#[derive(Debug)]
pub(crate) struct NewPodContainers {
    source: ManySource,
    pods: Arc<ClusterPods>,
    query: LogQuery,
    /// Tells which pods changed.
    watching: PodWatch,
    /// The pod, and the containers that the reader has; `None` before it begins.
    followed: Option<(PodRef, PodUid)>,
    known: BTreeSet<ContainerName>,
}

impl KubernetesSource {
    /// As [`open`](Self::open), but containers that are started later join a follow of all
    /// containers. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_joined(
        &self,
        pod: &PodRef,
        query: &LogQuery,
        user: Option<ImpersonatedUser>,
        joined: &JoinedPods,
    ) -> Result<LocatedLog, LocateError> {
        // What changes after this is told by the watch.
        let watching = NewPodContainers::watching(self.server(user.clone()), joined, query);
        let watching = watching
            .inspect_err(|error| tracing::warn!(%error, "no container can join a follow"))
            .ok();
        let located = self.open(pod, query, user).await?;
        let (uid, known) = (located.uid().clone(), located.containers());
        let new_containers = watching.map(|watching| {
            NewLogs::PodContainers(Box::new(watching.of_pod(pod.clone(), uid, known)))
        });
        Ok(LocatedLog { new_containers, ..located })
    }
}

impl NewPodContainers {
    /// Notes from now on what changes. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// When the pods are not known.
    pub(crate) fn watching(
        server: ApiServer,
        joined: &JoinedPods,
        query: &LogQuery,
    ) -> Result<Self, LocateError> {
        let JoinedPods { pods, clock } = joined;
        let watching = pods.watch_from_now(clock.now()).map_err(LocateError::ServerUnavailable)?;
        let source = ManySource { server, group: FeedGroup::new(pods.inventory().clone()) };
        let (pods, query, known) = (pods.clone(), query.clone(), BTreeSet::new());
        Ok(Self { source, pods, query, watching, followed: None, known })
    }

    /// For a reader that has these containers of the pod already.
    pub(crate) fn of_pod(
        self,
        pod: PodRef,
        uid: PodUid,
        known: impl IntoIterator<Item = ContainerName>,
    ) -> Self {
        Self { followed: Some((pod, uid)), known: known.into_iter().collect(), ..self }
    }

    /// Wakes when pods have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.watching.news()
    }

    /// Begins to receive the logs of the containers that were started since the last call. `None` if
    /// the pod is gone.
    pub(crate) fn take(&mut self) -> Option<Vec<ManyInput>> {
        let changes = self.watching.take();
        let (name, uid) = self.followed.as_ref()?;
        // If it is not remembered what has changed, it may be this pod.
        let has_changed =
            changes.map_or(true, |changes| changes.iter().any(|change| change.pod.pod == *name));
        if !has_changed {
            return Some(Vec::new());
        }
        let pod = self.pods.inventory().get(name).filter(|pod| pod.uid == *uid)?;
        let started = pod.containers.iter().filter(|container| container.started_at.is_some());
        let mut new: Vec<_> = started.map(|container| container.name.clone()).collect();
        new.retain(|container| !self.known.contains(container));
        Some(new.into_iter().filter_map(|container| self.open(&pod, container)).collect())
    }

    /// `None` if there is no log yet.
    fn open(&mut self, pod: &SeenPod, container: ContainerName) -> Option<ManyInput> {
        let object = object_of(pod)?;
        let (pod, uid) = (pod.pod.clone(), pod.uid.clone());
        let name = LogName { pod, uid, container: container.clone() };
        let begun = LogBegin::AtFirstLine.of(&self.source, &object, name, &self.query);
        let begun = begun
            .inspect_err(|error| tracing::debug!(%error, "cannot begin with a new container"))
            .ok()
            .flatten()?;
        self.known.insert(container);
        let input = LogInput::Kubernetes(Box::new(begun.log.open_later(&begun.query)));
        Some(ManyInput { input, key: None, start: begun.start })
    }
}
