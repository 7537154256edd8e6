//! kubectl at a front, to which the nodes are one cluster.

use super::command::Kubectl;
use crate::{
    harness::{Cluster, NodeGateway, Setup, cri, patience, until},
    peer::Installed,
    stage::{Stage, over_tls},
};

/// A front with a pod on each of two nodes, and kubectl of a user who may read them.
fn two_nodes(stage: &Stage, kubectl: &Installed) -> (Cluster, Kubectl) {
    let (authorities, nodes) = Cluster::nodes(2);
    for (node, pod) in nodes.iter().zip(["db", "web"]) {
        node.logs.write("shop", pod, cri(&["one"]));
    }
    let targets: Vec<_> = nodes.iter().map(NodeGateway::target).collect();
    let front = over_tls(authorities.front(Setup::new(), &targets));
    let reader = stage.block_on(front.user("reader", &["logs:read:shop/*"]));
    let reader = Kubectl::of(kubectl, &front, &reader, "shop");
    (Cluster::of(front, nodes, authorities), reader)
}

/// Waits until `get pods` says this.
fn says_at_last(stage: &Stage, kubectl: &Kubectl, arguments: &str, expected: &str) {
    stage.block_on(until(expected, patience(), async || {
        (kubectl.run(arguments).text() == expected).then_some(())
    }));
}

pub(super) fn the_pods_of_all_nodes_are_listed_and_watched(stage: &Stage, kubectl: &Installed) {
    let (cluster, reader) = two_nodes(stage, kubectl);
    says_at_last(stage, &reader, "get pods -o name", "pod/db\npod/web\n");
    let wide = reader.rows("get pods -o wide");
    assert_eq!([&wide[1][6], &wide[2][6]], ["node-2", "node-3"]);
    reader.says("get pods -o name --field-selector spec.nodeName=node-3", "pod/web\n");
    let watching = reader.start("get pods -w --no-headers");
    assert_eq!([&watching.words()[0], &watching.words()[0]], ["db", "web"]);
    cluster.nodes[1].logs.write("shop", "api", cri(&["one"]));
    assert_eq!(watching.words()[0], "api");
}

pub(super) fn a_dead_node_is_warned_of(stage: &Stage, kubectl: &Installed) {
    let (mut cluster, reader) = two_nodes(stage, kubectl);
    says_at_last(stage, &reader, "get pods -o name", "pod/db\npod/web\n");
    cluster.nodes[1].service.kill();
    let listed = stage.block_on(until("a lost pod", patience(), async || {
        let listed = reader.run("get pods --no-headers");
        listed.text().contains("NodeLost").then_some(listed)
    }));
    assert_eq!(listed.code, 0);
    assert_eq!(listed.stderr, "Warning: the list may be incomplete: cannot reach node-3\n");
    let status = |line: &str| line.split_whitespace().nth(2).map(str::to_owned);
    let statuses: Vec<_> = listed.text().lines().filter_map(status).collect();
    assert_eq!(statuses, ["Running", "NodeLost"]);
}
