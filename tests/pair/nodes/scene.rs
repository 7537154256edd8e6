//! Questions to a front.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Caller, Cluster, cri, patience, until};

/// A front with two nodes: `shop/web` and `bank/vault` on the one, `shop/db` on the other.
pub(super) fn two_nodes() -> Cluster {
    let cluster = Cluster::start(2);
    cluster.nodes[0].logs.write("shop", "web", cri(&["one"]));
    cluster.nodes[0].logs.incarnation("bank", "vault", "1-2").container("app");
    let db = cluster.nodes[1].logs.incarnation("shop", "db", "3-4").container("app");
    db.write("0.log", cri(&["one"]));
    cluster
}

/// The pods that a front lists, as `namespace/pod@node`.
pub(super) async fn pods(caller: &Caller) -> Vec<String> {
    names(&caller.pods().await.json())
}

pub(super) fn names(list: &Value) -> Vec<String> {
    let text = |pod: &Value, member: &str| pod[member].as_str().unwrap().to_owned();
    let name = |pod: &Value| {
        format!("{}/{}@{}", text(pod, "namespace"), text(pod, "pod"), text(pod, "node"))
    };
    list["pods"].as_array().unwrap().iter().map(name).collect()
}

/// Waits until the front lists these pods.
pub(super) async fn listed(caller: &Caller, expected: &[&str]) {
    until(&format!("{expected:?}"), patience(), async || {
        (pods(caller).await == expected).then_some(())
    })
    .await;
}

/// Waits until these are the nodes that the front misses.
pub(super) async fn missing(caller: &Caller, expected: &[&str]) {
    let expected = match expected {
        [] => Value::Null,
        expected => json!(expected),
    };
    until(&format!("missing {expected}"), patience(), async || {
        (caller.pods().await.json()["missing"] == expected).then_some(())
    })
    .await;
}

pub(super) async fn get(caller: &Caller, path: &str) -> Answer {
    caller.gateway(Method::GET, path).ask().await
}
