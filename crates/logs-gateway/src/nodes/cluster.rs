//! All nodes, and what their event streams have told.

#[cfg(test)]
mod cluster_tests;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pod_logs::{ContainerName, PodRef, PodSummary, PodUid, SeenPod};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{
    cluster_state::{ClusterState, EndpointState, NodeState, StreamOrder},
    discovery::FORGET_AFTER,
    endpoint::NodeEndpoint,
    told_pod::{NodeIdentity, ToldPod},
};

/// All nodes, and what their event streams have told.
///
/// A node is known by the name that it announces. Several addresses may announce one name: the old
/// and the new pod of a DaemonSet, or an address of IPv4 and one of IPv6. The one that started last
/// among those that can be reached is asked, and only its pods count.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    state: Mutex<ClusterState>,
    /// Wakes when pods changed.
    changed: Notify,
}

/// How a node can be asked.
#[derive(Debug, Clone)]
pub(super) struct NodeAccess {
    pub(super) endpoint: Arc<NodeEndpoint>,
    /// Since when the node is unreachable.
    pub(super) lost: watch::Receiver<Option<Instant>>,
}

impl Cluster {
    /// Waits until pods have changed since the last call.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What changed about pods since the last call.
    pub(super) fn take_changes(&self) -> Vec<(PodRef, Option<SeenPod>)> {
        self.state().pods.take_changes()
    }

    pub(super) fn add_endpoint(&self, endpoint: Arc<NodeEndpoint>) {
        self.state().endpoints.insert(endpoint.address(), EndpointState::new(endpoint));
    }

    /// Forgets an address, and its node if it was the only one.
    pub(super) fn forget_endpoint(&self, address: SocketAddr, now: Instant) {
        let mut state = self.state();
        let identity = state.endpoints.remove(&address).and_then(|endpoint| endpoint.identity);
        if let Some(identity) = identity {
            state.choose_address(&identity.node, now);
            let is_gone = |node: &NodeState| node.asked.is_none();
            if state.nodes.get(&*identity.node).is_some_and(is_gone) {
                state.forget_node(&identity.node);
            }
        }
        self.changed.notify_one();
    }

    /// Forgets nodes whose addresses have been those of others for long.
    pub(super) fn forget_displaced(&self, now: Instant) {
        let mut state = self.state();
        let is_old = |node: &NodeState| {
            let lost = *node.lost.borrow();
            node.asked.is_none() && lost.is_some_and(|lost| now - lost >= FORGET_AFTER)
        };
        let old = state.nodes.iter().filter(|(_, node)| is_old(node));
        for name in old.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            state.forget_node(&name);
        }
        self.changed.notify_one();
    }

    /// Notes all pods that there are behind an address.
    pub(super) fn synced(
        &self,
        address: SocketAddr,
        identity: NodeIdentity,
        pods: Vec<PodSummary>,
        now: Instant,
    ) {
        let mut state = self.state();
        let Some(endpoint) = state.endpoints.get_mut(&address) else {
            return;
        };
        let name: Arc<str> = Arc::from(&*identity.node);
        (endpoint.is_reachable, endpoint.has_settled) = (true, true);
        let before = endpoint.identity.replace(identity);
        if let Some(before) = before.filter(|before| *before.node != *name) {
            state.choose_address(&before.node, now);
            state.forget_displaced_by(address, &before.node);
        }
        state.nodes.entry(name.clone()).or_insert_with(NodeState::new);
        state.choose_address(&name, now);
        state.replace_pods(&name, address, pods);
        self.changed.notify_one();
    }

    /// Notes what an address told of a pod, or that it is still there.
    pub(super) fn told(&self, address: SocketAddr, told: Option<ToldPod>) -> StreamOrder {
        let mut state = self.state();
        let order = state.take(address, told);
        drop(state);
        self.changed.notify_one();
        order
    }

    /// Notes that an address cannot be reached.
    pub(super) fn lost(&self, address: SocketAddr, now: Instant) {
        let mut state = self.state();
        let Some(endpoint) = state.endpoints.get_mut(&address) else {
            return;
        };
        (endpoint.is_reachable, endpoint.has_settled) = (false, true);
        if let Some(name) = endpoint.identity.as_ref().map(|identity| identity.node.clone()) {
            state.choose_address(&name, now);
        }
        self.changed.notify_one();
    }

    /// Whether each address has synced, or has been unreachable once.
    pub(super) fn has_settled(&self) -> bool {
        let state = self.state();
        !state.endpoints.is_empty() && state.endpoints.values().all(|one| one.has_settled)
    }

    /// The nodes of which the present pods are not known, by name, or by address if they have not
    /// said their name.
    pub(super) fn missing(&self) -> Vec<String> {
        let state = self.state();
        let lost = state.nodes.iter().filter(|(_, node)| node.lost.borrow().is_some());
        let unnamed = state.endpoints.iter().filter(|(_, one)| one.identity.is_none());
        let mut missing: Vec<_> = lost
            .map(|(name, _)| name.to_string())
            .chain(unnamed.map(|(address, _)| address.to_string()))
            .collect();
        missing.sort();
        missing
    }

    /// How many nodes can be reached, and how many cannot.
    pub(super) fn counts(&self) -> (usize, usize) {
        let unreachable = self.missing().len();
        let state = self.state();
        let reachable = state.nodes.values().filter(|node| node.lost.borrow().is_none()).count();
        (reachable, unreachable)
    }

    pub(super) fn pod_count(&self) -> usize {
        self.state().pods.len()
    }

    /// The pods that `may_see` lets through, sorted by namespace and name.
    pub(super) fn summaries(&self, may_see: impl Fn(&PodRef) -> bool) -> Vec<Arc<PodSummary>> {
        let state = self.state();
        state.pods.summaries().filter(|pod| may_see(&pod.pod)).cloned().collect()
    }

    /// The names of all nodes.
    pub(super) fn node_names(&self) -> Vec<Arc<str>> {
        self.state().nodes.keys().cloned().collect()
    }

    /// The node on which an incarnation of the pod is, by default the last one.
    pub(super) fn node_of(&self, pod: &PodRef, uid: Option<&PodUid>) -> Option<Arc<str>> {
        self.state().pods.node_of(pod, uid).cloned()
    }

    /// A pod, with its incarnations on all nodes.
    pub(super) fn summary(&self, pod: &PodRef) -> Option<Arc<PodSummary>> {
        self.state().pods.summary(pod).cloned()
    }

    /// The containers that the pod has on any node, sorted. `None` if the pod is on no node.
    pub(super) fn containers(&self, pod: &PodRef) -> Option<Vec<ContainerName>> {
        self.state().pods.containers(pod)
    }

    /// Whether incarnations of the pod are on several nodes.
    pub(super) fn is_on_several_nodes(&self, pod: &PodRef) -> bool {
        self.state().pods.is_on_several_nodes(pod)
    }

    /// How to ask a node. `None` if it is not known, or has no address.
    pub(super) fn access(&self, name: &str) -> Option<NodeAccess> {
        let state = self.state();
        let node = state.nodes.get(name)?;
        let endpoint = state.endpoints.get(&node.asked?)?.endpoint.clone();
        Some(NodeAccess { endpoint, lost: node.lost.subscribe() })
    }

    fn state(&self) -> MutexGuard<'_, ClusterState> {
        // A panic within a change leaves pods that the next sync replaces.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
