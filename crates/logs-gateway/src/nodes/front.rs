//! The nodes behind a front: found, watched, and asked.

#[cfg(test)]
mod front_tests;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use pod_logs::{ContainerName, PodInventory, PodRef, PodSummary, PodUid, VersionSpace};
use reqwest::{Method, Response, header::HeaderMap};
use rustls::ClientConfig;
use service_runtime::{clock::Clock, http::RequestContext, metrics::Metrics};
use tokio::{
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep},
};
use tracing::{Instrument, error_span};

use super::{
    cluster::Cluster,
    discovery::{AddressChanges, Discovery, RESOLVE_EVERY},
    endpoint::{NodeConnector, NodeEndpoint, NodeError},
    node_target::NodeTarget,
    node_watch::watch_node,
    on_behalf::{PermissionCheck, headers_for},
};
use crate::auth::Caller;

/// How soon a name is resolved again that has never resolved.
const FIRST_RESOLVE_EVERY: Duration = Duration::from_secs(1);
/// How long changes of pods are gathered before they are told to watches.
const GATHER: Duration = Duration::from_millis(100);
/// How long a body of a node may go on that became unreachable.
const CUT_AFTER: Duration = Duration::from_secs(10);
/// How many changes of pods are remembered: those of many nodes that are lost at once.
const MAX_CHANGES: usize = 32 * 1024;

/// The nodes behind a front.
#[derive(Debug)]
pub(crate) struct Nodes {
    cluster: Arc<Cluster>,
    /// The pods, and their changes, as the Kubernetes API shows them.
    inventory: Arc<PodInventory>,
    connector: Arc<NodeConnector>,
    clock: Arc<dyn Clock>,
    /// Whether the nodes that were found first have all answered, or been unreachable once.
    has_settled: AtomicBool,
}

/// A node, to be asked on behalf of callers.
#[derive(Debug, Clone)]
pub(crate) struct NodeHandle {
    name: Arc<str>,
    cluster: Arc<Cluster>,
}

impl Nodes {
    /// Nodes that are reached by `tls`; a connection may take `timeout` to be made.
    pub(crate) fn new(tls: ClientConfig, timeout: Duration, clock: Arc<dyn Clock>) -> Self {
        // Fronts must not take versions of each other for their own.
        let instance = RandomState::new().hash_one(0_u8);
        let inventory = PodInventory::numbered(VersionSpace::of_instance(instance), MAX_CHANGES);
        inventory.tell([], clock.now());
        Self {
            cluster: Arc::default(),
            inventory: Arc::new(inventory),
            connector: Arc::new(NodeConnector::new(tls, timeout)),
            clock,
            has_settled: AtomicBool::new(false),
        }
    }

    /// Shows how many nodes and pods there are.
    pub(crate) fn register(&self, metrics: &Metrics) {
        let [reachable, unreachable, pods] = [(); 3].map(|()| self.cluster.clone());
        metrics.observe_gauge("nodes_reachable", "Nodes that can be reached", move || {
            reachable.counts().0 as u64
        });
        metrics.observe_gauge("nodes_unreachable", "Nodes that cannot be reached", move || {
            unreachable.counts().1 as u64
        });
        metrics.observe_gauge("nodes_pods", "Pods on all nodes", move || pods.pod_count() as u64);
    }

    /// Keeps the nodes and their pods up to date, until it is dropped.
    pub(crate) async fn keep_current(self: Arc<Self>, targets: Vec<NodeTarget>) {
        let telling = self.tell_inventory();
        let discovering = self.discover(Discovery::of(targets));
        tokio::join!(telling, discovering);
    }

    /// Whether the nodes that were found first have all answered, or been unreachable once.
    pub(crate) fn has_settled(&self) -> bool {
        self.has_settled.load(Ordering::Relaxed)
    }

    /// The pods, and their changes, as the Kubernetes API shows them.
    pub(crate) fn inventory(&self) -> &Arc<PodInventory> {
        &self.inventory
    }

    /// The nodes of which the present pods are not known, sorted.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.cluster.missing()
    }

    /// The pods that `may_see` lets through, sorted by namespace and name.
    pub(crate) fn summaries(&self, may_see: impl Fn(&PodRef) -> bool) -> Vec<Arc<PodSummary>> {
        self.cluster.summaries(may_see)
    }

    /// All nodes, sorted by name.
    pub(crate) fn all(&self) -> Vec<NodeHandle> {
        self.cluster.node_names().into_iter().map(|name| self.handle(name)).collect()
    }

    /// The node on which an incarnation of the pod is, by default the last one.
    pub(crate) fn node_of(&self, pod: &PodRef, uid: Option<&PodUid>) -> Option<NodeHandle> {
        self.cluster.node_of(pod, uid).map(|name| self.handle(name))
    }

    /// A pod, with its incarnations on all nodes.
    pub(crate) fn summary(&self, pod: &PodRef) -> Option<Arc<PodSummary>> {
        self.cluster.summary(pod)
    }

    /// The containers that the pod has on any node, sorted. `None` if the pod is on no node.
    pub(crate) fn containers(&self, pod: &PodRef) -> Option<Vec<ContainerName>> {
        self.cluster.containers(pod)
    }

    /// Whether incarnations of the pod are on several nodes.
    pub(crate) fn is_on_several_nodes(&self, pod: &PodRef) -> bool {
        self.cluster.is_on_several_nodes(pod)
    }

    fn handle(&self, name: Arc<str>) -> NodeHandle {
        NodeHandle { name, cluster: self.cluster.clone() }
    }

    async fn tell_inventory(&self) {
        loop {
            self.cluster.changed().await;
            sleep(GATHER).await;
            let changes = self.cluster.take_changes();
            if !changes.is_empty() {
                self.inventory.tell(changes, self.clock.now());
            }
            if self.cluster.has_settled() {
                self.has_settled.store(true, Ordering::Relaxed);
            }
        }
    }

    async fn discover(&self, mut discovery: Discovery) {
        let mut watches = NodeWatches::default();
        loop {
            let resolved = discovery.resolve().await;
            let now = Instant::now();
            let AddressChanges { found, forgotten } = discovery.take(resolved, now);
            for address in forgotten {
                watches.end(address);
                self.cluster.forget_endpoint(address, now);
            }
            self.cluster.forget_displaced(now);
            for address in found {
                let endpoint = Arc::new(NodeEndpoint::new(address, self.connector.clone()));
                self.cluster.add_endpoint(endpoint.clone());
                watches.begin(endpoint, self.cluster.clone());
            }
            let is_complete = discovery.has_resolved();
            sleep(if is_complete { RESOLVE_EVERY } else { FIRST_RESOLVE_EVERY }).await;
        }
    }
}

/// The tasks that read event streams. They end when this is dropped.
#[derive(Default)]
struct NodeWatches {
    tasks: JoinSet<()>,
    of_address: HashMap<SocketAddr, AbortHandle>,
}

impl NodeWatches {
    fn begin(&mut self, endpoint: Arc<NodeEndpoint>, cluster: Arc<Cluster>) {
        let address = endpoint.address();
        let span = error_span!("node", %address);
        let task = self.tasks.spawn(watch_node(endpoint, cluster).instrument(span));
        self.of_address.insert(address, task);
    }

    fn end(&mut self, address: SocketAddr) {
        if let Some(task) = self.of_address.remove(&address) {
            task.abort();
        }
        // What ended is taken out.
        while self.tasks.try_join_next().is_some() {}
    }
}

impl NodeHandle {
    /// The name that the node announces.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether the node can be asked right now, as far as is known.
    pub(crate) fn is_reachable(&self) -> bool {
        self.cluster.access(&self.name).is_some_and(|access| access.lost.borrow().is_none())
    }

    /// Asks the node for a path with its query, both encoded, by `GET` or `HEAD`, on behalf of the
    /// caller. `further` headers go along; they must not hold the caller's token. The answer is the
    /// node's, whatever its status; dropping it closes the connection unless its body was read.
    ///
    /// # Errors
    /// When the node is unreachable, or gives no answer. It may take as long as it needs: a caller
    /// that wants to wait no longer than the node lives also waits for [`lost`](Self::lost).
    pub(crate) async fn ask(
        &self,
        method: Method,
        path_and_query: &str,
        caller: &Caller,
        context: &RequestContext,
        check: PermissionCheck,
        further: HeaderMap,
    ) -> Result<Response, NodeError> {
        let access = self.cluster.access(&self.name).filter(|_| self.is_reachable());
        let access = access.ok_or(NodeError::Unreachable)?;
        let mut headers = further;
        headers.extend(headers_for(caller, context, check)?);
        access.endpoint.ask(method, path_and_query, &headers).await
    }

    /// Completes when the node has been unreachable for so long that open bodies have to be cut.
    pub(crate) async fn lost(&self) {
        let Some(access) = self.cluster.access(&self.name) else {
            return;
        };
        let mut lost = access.lost;
        loop {
            let since = *lost.borrow_and_update();
            let cut = async {
                match since {
                    Some(since) => tokio::time::sleep_until(since + CUT_AFTER).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = cut => return,
                changed = lost.changed() => if changed.is_err() {
                    // The node was forgotten.
                    return;
                },
            }
        }
    }
}
