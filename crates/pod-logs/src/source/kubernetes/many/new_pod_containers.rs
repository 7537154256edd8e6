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
            api::api_server::ImpersonatedUser, feed::feed_group::FeedGroup,
            kubernetes_source::KubernetesSource, pods::cluster_pods::ClusterPods,
        },
        log_input::{LogInput, ManyInput, NewLogs},
        pods::{
            pod_change::{PodChange, PodChangeKind},
            pod_watch::PodWatch,
            seen_pod::SeenPod,
        },
    },
};

/// Reports containers that start later.
#[derive(Debug)]
pub struct WatchedPods {
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
    pod: PodRef,
    pub(crate) uid: PodUid,
    /// It was told that the pod is not there.
    is_missing: bool,
    /// The containers that the reader has.
    pub(crate) known: BTreeSet<ContainerName>,
}

impl KubernetesSource {
    /// As [`open`](Self::open), but containers that are started later join a follow of all
    /// containers. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_watched(
        &self,
        pod: &PodRef,
        query: &LogQuery,
        user: Option<ImpersonatedUser>,
        watched: &WatchedPods,
    ) -> Result<LocatedLog, LocateError> {
        // What changes while the logs are opened is told by the watch.
        let watching = watched.pods.watch_from_now(watched.clock.now());
        let watching = watching
            .inspect_err(|error| tracing::warn!(%error, "no container can join a follow"))
            .ok();
        let located = self.open(pod, query, user.clone()).await?;
        let new_containers = watching.map(|watching| {
            let pods = watched.pods.clone();
            let group = FeedGroup::new(pods.inventory().clone());
            NewLogs::PodContainers(Box::new(NewPodContainers {
                source: ManySource { server: self.server(user), group },
                pods,
                query: query.clone(),
                watching,
                pod: pod.clone(),
                uid: located.uid().clone(),
                is_missing: false,
                known: located.containers().into_iter().collect(),
            }))
        });
        Ok(LocatedLog { new_containers, ..located })
    }
}

impl NewPodContainers {
    /// Wakes when pods have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.watching.news()
    }

    /// Whether no container can join for the time being, since the user may not list pods.
    pub(crate) fn is_refused(&self) -> bool {
        self.pods.is_refused(&self.pod)
    }

    /// Begins to receive the logs of the containers that were started since the last call. `None` if
    /// the pod is gone.
    ///
    /// A pod that is not known is not gone: the watch may not have told of this incarnation yet, or
    /// the user may not list pods for the time being.
    pub(crate) fn take(&mut self) -> Option<Vec<ManyInput>> {
        let changes = self.watching.take();
        // In this order: what is listed again is known before it counts as such.
        let is_refused = self.is_refused();
        let pod = self.pods.inventory().get(&self.pod).filter(|pod| pod.uid == self.uid);
        let Some(pod) = pod else {
            let is_end = |change: &PodChange| {
                change.kind == PodChangeKind::Deleted
                    && change.pod.uid == self.uid
                    && change.pod.pod == self.pod
            };
            // If it is not remembered what has changed, it may be that.
            self.is_missing |= changes.map_or(true, |changes| changes.iter().any(is_end));
            return (is_refused || !self.is_missing).then(Vec::new);
        };
        self.is_missing = false;
        let has_changed =
            changes.map_or(true, |changes| changes.iter().any(|change| change.pod.pod == self.pod));
        if !has_changed {
            return Some(Vec::new());
        }
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
