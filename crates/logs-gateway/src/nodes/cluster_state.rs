//! The addresses of nodes, the nodes behind them, and their pods.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    sync::Arc,
};

use pod_logs::{PodRef, PodSummary};
use tokio::{sync::watch, time::Instant};

use super::{
    endpoint::NodeEndpoint,
    placed_pods::PlacedPods,
    told_pod::{NodeIdentity, ToldPod},
};

/// The addresses of nodes, the nodes behind them, and their pods.
#[derive(Debug, Default)]
pub(super) struct ClusterState {
    pub(super) endpoints: HashMap<SocketAddr, EndpointState>,
    pub(super) nodes: BTreeMap<Arc<str>, NodeState>,
    pub(super) pods: PlacedPods,
}

/// An address.
#[derive(Debug)]
pub(super) struct EndpointState {
    pub(super) endpoint: Arc<NodeEndpoint>,
    /// What it announced last.
    pub(super) identity: Option<NodeIdentity>,
    pub(super) is_reachable: bool,
    /// It has synced, or has been unreachable once.
    pub(super) has_settled: bool,
}

/// A node, by the name that it announces.
#[derive(Debug)]
pub(super) struct NodeState {
    /// The address that is asked; `None` if the last one is that of another node now.
    pub(super) asked: Option<SocketAddr>,
    /// The address from which the pods are.
    pub(super) told_by: Option<SocketAddr>,
    pub(super) pods: BTreeSet<PodRef>,
    /// Since when the node is unreachable, or `None` if it is not.
    pub(super) lost: watch::Sender<Option<Instant>>,
}

/// What an event stream has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamOrder {
    GoOn,
    /// Begin anew: what was told before was not taken.
    BeginAnew,
}

impl EndpointState {
    /// An address that has not answered yet.
    pub(super) fn new(endpoint: Arc<NodeEndpoint>) -> Self {
        Self { endpoint, identity: None, is_reachable: false, has_settled: false }
    }
}

impl NodeState {
    pub(super) fn new() -> Self {
        let lost = watch::Sender::new(None);
        Self { asked: None, told_by: None, pods: BTreeSet::new(), lost }
    }
}

impl ClusterState {
    /// Chooses which address of a node is asked, and notes whether there is one that can be.
    pub(super) fn choose_address(&mut self, name: &str, now: Instant) {
        let Some((name, _)) = self.nodes.get_key_value(name) else {
            return;
        };
        let name = name.clone();
        let announced = self.endpoints.iter().filter_map(|(address, one)| {
            let identity = one.identity.as_ref().filter(|identity| *identity.node == *name)?;
            Some((one.is_reachable, identity.started_at, *address))
        });
        let chosen = announced.max();
        let Some(node) = self.nodes.get_mut(&name) else {
            return;
        };
        node.asked = chosen.map(|(_, _, address)| address);
        let is_lost = !chosen.is_some_and(|(is_reachable, _, _)| is_reachable);
        if node.lost.borrow().is_some() == is_lost {
            return;
        }
        node.lost.send_replace(is_lost.then_some(now));
        for pod in &node.pods {
            self.pods.set_lost(&name, pod, is_lost);
        }
    }

    /// Makes these the pods of the node, if this address is the one that is asked.
    pub(super) fn replace_pods(
        &mut self,
        name: &Arc<str>,
        address: SocketAddr,
        pods: Vec<PodSummary>,
    ) {
        let Some(node) = self.nodes.get_mut(name).filter(|node| node.asked == Some(address)) else {
            return;
        };
        node.told_by = Some(address);
        let mut gone = std::mem::take(&mut node.pods);
        for pod in pods {
            gone.remove(&pod.pod);
            node.pods.insert(pod.pod.clone());
            self.pods.put(name, pod);
        }
        for pod in gone {
            self.pods.remove(name, &pod);
        }
    }

    pub(super) fn take(&mut self, address: SocketAddr, told: Option<ToldPod>) -> StreamOrder {
        let identity = self.endpoints.get(&address).and_then(|one| one.identity.as_ref());
        let Some((name, node)) = identity.and_then(|identity| {
            let (name, _) = self.nodes.get_key_value(&*identity.node)?;
            let name = name.clone();
            self.nodes.get_mut(&name).map(|node| (name, node))
        }) else {
            return StreamOrder::BeginAnew;
        };
        if node.asked != Some(address) {
            return StreamOrder::GoOn;
        }
        if node.told_by != Some(address) {
            return StreamOrder::BeginAnew;
        }
        match told {
            Some(ToldPod::Present(pod)) => {
                node.pods.insert(pod.pod.clone());
                self.pods.put(&name, pod);
            }
            Some(ToldPod::Removed(pod)) => {
                node.pods.remove(&pod);
                self.pods.remove(&name, &pod);
            }
            None => {}
        }
        StreamOrder::GoOn
    }

    /// Forgets the nodes that this address has displaced, but for the last one: one address keeps no
    /// more pods than those of two nodes, whatever names it announces.
    pub(super) fn forget_displaced_by(&mut self, address: SocketAddr, last: &str) {
        let displaced = self
            .nodes
            .iter()
            .filter(|(_, node)| node.asked.is_none() && node.told_by == Some(address));
        let older = displaced.map(|(name, _)| name.clone()).filter(|name| **name != *last);
        let older: Vec<_> = older.collect();
        older.iter().for_each(|name| self.forget_node(name));
    }

    pub(super) fn forget_node(&mut self, name: &str) {
        let Some(node) = self.nodes.remove(name) else {
            return;
        };
        for pod in &node.pods {
            self.pods.remove(name, pod);
        }
    }
}
