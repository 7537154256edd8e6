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

/// Waits until the Kubernetes API has so many pods, each as its files show it.
pub(super) async fn known_to_kubernetes(caller: &Caller, count: usize) -> Value {
    let is_whole = |pod: &Value| {
        // The vault has written nothing.
        let has_line = pod["status"]["startTime"].is_string() || pod["metadata"]["name"] == "vault";
        has_line && pod["spec"]["containers"][0].is_object()
    };
    until("all pods", patience(), async || {
        let list = get(caller, "/api/v1/pods").await.json();
        let is_known = |pods: &Vec<Value>| pods.len() == count && pods.iter().all(is_whole);
        list["items"].as_array().is_some_and(is_known).then_some(list)
    })
    .await
}
