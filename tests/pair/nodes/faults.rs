//! Nodes that die, hang and come back.

use reqwest::Method;

use super::scene::{get, listed, missing, pods, two_nodes};
use crate::harness::{
    Ask, Caller, Cluster, NodeGateway, Setup, Watch, cri, free_address, patience, plain_client,
    until, word,
};

const ALL: [&str; 3] = ["bank/vault@node-2", "shop/db@node-3", "shop/web@node-2"];

/// The state of `shop/db` in the list of a front, and whether the list warns.
async fn db(caller: &Caller) -> (String, bool) {
    let list = get(caller, "/api/v1/namespaces/shop/pods").await;
    let warning = list.warning();
    if let Some(warning) = warning {
        assert!(warning.starts_with("299 - \"") && warning.contains("node-3"), "{warning}");
    }
    let reason =
        list.json()["items"][0]["status"]["reason"].as_str().unwrap_or_default().to_owned();
    (reason, warning.is_some())
}

/// Waits until the node of `shop/db` is not lost any more.
async fn found_again(caller: &Caller) {
    until("the pod is found again", patience(), async || {
        (db(caller).await == (String::new(), false)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_pods_of_a_dead_node_stay_listed_and_each_list_names_it() {
    let mut cluster = two_nodes();
    let admin = cluster.front.admin().await;
    listed(&admin, &ALL).await;
    let mut watch = Watch::of(&admin, "/api/v1/namespaces/shop/pods?watch=1").await;
    watch.words(2).await;
    cluster.nodes[1].service.kill();
    missing(&admin, &["node-3"]).await;
    assert_eq!(pods(&admin).await, ALL);
    let event = watch.next().await.unwrap();
    assert_eq!(
        (word(&event), &event["object"]["status"]["reason"]),
        ("MODIFIED db".into(), &"NodeLost".into())
    );
    assert_eq!(db(&admin).await, ("NodeLost".into(), true));
    let request = admin.gateway(Method::GET, "/api/v1/namespaces/shop/pods");
    let table =
        request.header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io").ask().await;
    assert_eq!(table.json()["rows"][0]["cells"][2], "NodeLost");
    cluster.nodes[1].start_again();
    missing(&admin, &[]).await;
    found_again(&admin).await;
    let event = watch.next().await.unwrap();
    assert_eq!(
        (word(&event), &event["object"]["status"]["reason"]),
        ("MODIFIED db".into(), &().into())
    );
}

#[tokio::test]
async fn a_hanging_node_is_missed_until_it_goes_on() {
    let cluster = two_nodes();
    let admin = cluster.front.admin().await;
    listed(&admin, &ALL).await;
    cluster.nodes[1].service.pause().await;
    missing(&admin, &["node-3"]).await;
    assert_eq!(pods(&admin).await, ALL);
    cluster.nodes[0].logs.write("shop", "new", cri(&["one"]));
    let with_new = ["bank/vault@node-2", "shop/db@node-3", "shop/new@node-2", "shop/web@node-2"];
    listed(&admin, &with_new).await;
    cluster.nodes[1].service.resume();
    missing(&admin, &[]).await;
    found_again(&admin).await;
}

#[tokio::test]
async fn a_node_may_come_back_at_another_address() {
    let (authorities, mut nodes) = Cluster::nodes(1);
    nodes[0].logs.write("shop", "web", cri(&["one"]));
    let host = nodes[0].service.listening().ip();
    let other = free_address(host);
    let targets = [nodes[0].target(), format!("https://{other}")];
    let front = authorities.front(Setup::new(), &targets).start();
    let admin = front.admin().await;
    listed(&admin, &["shop/web@node-2"]).await;
    missing(&admin, &[&other.to_string()]).await;
    nodes[0].service.stop();
    missing(&admin, &[&other.to_string(), "node-2"]).await;
    nodes[0].start_again_at(other);
    missing(&admin, &[]).await;
    nodes[0].logs.write("shop", "api", cri(&["one"]));
    listed(&admin, &["shop/api@node-2", "shop/web@node-2"]).await;
}

#[tokio::test]
async fn a_front_is_ready_when_each_node_has_answered_or_was_unreachable() {
    let (authorities, nodes) = Cluster::nodes(2);
    nodes[0].logs.write("shop", "web", cri(&["one"]));
    nodes[1].service.pause().await;
    let targets: Vec<_> = nodes.iter().map(NodeGateway::target).collect();
    let front = authorities.front(Setup::new(), &targets).start();
    let client = plain_client();
    let readyz = format!("http://{}/readyz", front.gateway.ops());
    let ready = async || client.get(&readyz).send().await.unwrap();
    let first = ready().await;
    assert_eq!(first.status(), 503);
    assert_eq!(first.text().await.unwrap(), "not ready: not all nodes have answered yet\n");
    until("ready", patience(), async || (ready().await.status() == 200).then_some(())).await;
    let admin = front.admin().await;
    assert_eq!(pods(&admin).await, ["shop/web@node-2"]);
    let hanging = nodes[1].service.listening().to_string();
    missing(&admin, &[&hanging]).await;
    let metrics = client.get(format!("http://{}/metrics", front.gateway.ops()));
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    for line in ["\nnodes_reachable 1\n", "\nnodes_unreachable 1\n", "\nnodes_pods 1\n"] {
        assert!(metrics.contains(line), "{metrics}");
    }
    nodes[1].service.resume();
    missing(&admin, &[]).await;
}
