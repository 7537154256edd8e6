//! Pods, lists and watches, from an API server.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Cluster;
use crate::harness::{Ask, Caller, Pair, cri, patience, plain_client, until};

const PODS: &str = "/api/v1/namespaces/shop/pods";

fn write(server: &Pair) {
    server.logs.write("shop", "web", cri(&["one"]));
    server.logs.write("bank", "vault", cri(&["hidden"]));
}

async fn get(caller: &Caller, path: &str) -> Value {
    let answer = caller.gateway(Method::GET, path).ask().await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

async fn names(caller: &Caller, path: &str) -> Vec<String> {
    let list = get(caller, path).await;
    let items = list["items"].as_array().unwrap().iter();
    items.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pods_of_the_cluster_are_listed() {
    let cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    assert_eq!(names(&alice, "/api/v1/pods").await, ["web"]);
    let pod = get(&alice, &format!("{PODS}/web")).await;
    assert_eq!(pod["kind"], "Pod");
    assert_eq!(pod["spec"]["nodeName"], "node-1");
    assert_eq!(pod["status"]["containerStatuses"][0]["name"], "app");
    let pods = get(&alice, "/pods").await;
    let pod = &pods["pods"][0];
    assert_eq!((&pod["pod"], &pod["phase"]), (&json!("web"), &json!("Running")));
    assert_eq!(pod["labels"], json!({}));
    assert_eq!(pod["containers"][0]["state"], "running");
    assert_eq!(pod["containers"][0]["size"], Value::Null);
    let whoami = get(&alice, "/whoami").await;
    assert_eq!(whoami["source"], "kubernetes");
    let offers = json!({"history": false, "stream": true, "labels": true, "before": false});
    assert_eq!(whoami["offers"], offers);
    assert_eq!(names(&alice, &format!("{PODS}?labelSelector=app%3Dweb")).await, [""; 0]);
    assert_eq!(names(&alice, &format!("{PODS}?labelSelector=%21app")).await, ["web"]);
}

#[tokio::test]
async fn pods_that_come_and_go_are_noticed() {
    let cluster = Cluster::start(write).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    assert_eq!(names(&alice, PODS).await, ["web"]);
    cluster.server.logs.write("shop", "new", cri(&["two"]));
    let listed = async |expected: &[&str]| {
        let is_listed = async || (names(&alice, PODS).await == expected).then_some(());
        until("the list", patience(), is_listed).await;
    };
    listed(&["new", "web"]).await;
    let gone = cluster.server.beside_logs("gone");
    std::fs::rename(cluster.server.logs.pod("shop", "web").path(), gone).unwrap();
    listed(&["new"]).await;
}

#[tokio::test]
async fn readiness_depends_on_the_api_server() {
    let mut cluster = Cluster::start(write).await;
    let ready = async |cluster: &Cluster, expected: u16| {
        let url = format!("http://{}/readyz", cluster.gateway.gateway.ops());
        let is_expected = async || {
            let status = plain_client().get(&url).send().await.unwrap().status();
            (status == expected).then_some(())
        };
        until("the readiness", patience(), is_expected).await;
    };
    ready(&cluster, 200).await;
    cluster.server.gateway.stop();
    ready(&cluster, 503).await;
    cluster.server.start_gateway_again();
    ready(&cluster, 200).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    assert_eq!(names(&alice, PODS).await, ["web"]);
}
