//! A front with nodes, and questions to both.

use std::net::SocketAddr;

use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use crate::harness::{
    ADMIN, Caller, Cluster, ClusterAuthorities, NodeGateway, Pair, Setup, free_address, patience,
    until,
};

/// A front with nodes that it knows, `node-2`, `node-3` and so on.
pub(super) struct Scene {
    pub(super) front: Pair,
    pub(super) nodes: Vec<NodeGateway>,
    client: Client,
    /// Their files are read while the gateways run.
    _authorities: ClusterAuthorities,
}

/// The status, the headers that are not about the connection, and the body.
pub(super) type WholeAnswer = (u16, Vec<String>, Vec<u8>);

impl Scene {
    /// So many nodes, and a front with this configuration.
    pub(super) async fn start(count: u8, setup: Setup) -> Self {
        Self::start_beside(count, &[], setup).await
    }

    /// The same beside nodes at these URLs.
    pub(super) async fn start_beside(count: u8, others: &[String], setup: Setup) -> Self {
        let (authorities, nodes) = Cluster::nodes(count);
        Self::of(authorities, nodes, others, setup).await
    }

    /// Two nodes, of which the last may be started again at another address, which is the answer.
    pub(super) async fn with_movable_node() -> (Self, SocketAddr) {
        let (authorities, nodes) = Cluster::nodes(2);
        let other = free_address(nodes[1].service.listening().ip());
        let others = [format!("https://{other}")];
        (Self::of(authorities, nodes, &others, Setup::new()).await, other)
    }

    async fn of(
        authorities: ClusterAuthorities,
        nodes: Vec<NodeGateway>,
        others: &[String],
        setup: Setup,
    ) -> Self {
        let mut targets: Vec<_> = nodes.iter().map(NodeGateway::target).collect();
        targets.extend_from_slice(others);
        let front = authorities.front(setup, &targets).start();
        let client = authorities.client();
        let scene = Self { front, nodes, client, _authorities: authorities };
        scene.wait_for_nodes().await;
        scene
    }

    /// Waits until the front has seen a pod of each node.
    async fn wait_for_nodes(&self) {
        let admin = self.front.admin().await;
        for (number, node) in self.nodes.iter().enumerate() {
            node.logs.write("kube-system", &format!("proxy-{number}"), "");
        }
        until("the front knows its nodes", patience(), async || {
            let list = Some(admin.pods().await).filter(|list| list.status == 200)?.json();
            let of_nodes = |pod: &&Value| pod["namespace"] == "kube-system";
            let count = list["pods"].as_array()?.iter().filter(of_nodes).count();
            (count == self.nodes.len()).then_some(())
        })
        .await;
    }

    /// Waits until the front lists this pod.
    pub(super) async fn wait_for_pod(&self, caller: &Caller, pod: &str) {
        until("the front lists a pod", patience(), async || {
            let list = caller.pods().await.json();
            list["pods"].as_array()?.iter().any(|entry| entry["pod"] == pod).then_some(())
        })
        .await;
    }

    /// Asks a node as the front asks it, for the first administrator.
    pub(super) fn ask_node(&self, node: usize, path: &str) -> RequestBuilder {
        let request = self.client.get(format!("{}{path}", self.nodes[node].target()));
        request.header("x-remote-user", ADMIN.0)
    }
}

/// Asks with these headers.
pub(super) async fn whole_answer(request: RequestBuilder, headers: &[(&str, &str)]) -> WholeAnswer {
    let with =
        |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
    let response = headers.iter().fold(request, with).send().await.unwrap();
    let mut kept: Vec<_> =
        response.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    let of_connection = ["date:", "content-length:", "transfer-encoding:"];
    kept.retain(|header| !of_connection.iter().any(|name| header.starts_with(name)));
    kept.sort();
    (response.status().as_u16(), kept, response.bytes().await.unwrap().to_vec())
}
