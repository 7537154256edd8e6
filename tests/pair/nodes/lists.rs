//! What a front lists.

use std::{fs, time::Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{get, listed, missing, pods, two_nodes};
use crate::harness::{Ask, Cluster, Watch, cri, patience, until, word};

#[tokio::test]
async fn the_pods_of_all_nodes_are_those_of_one_cluster() {
    let cluster = two_nodes();
    let admin = cluster.front.admin().await;
    listed(&admin, &["bank/vault@node-2", "shop/db@node-3", "shop/web@node-2"]).await;
    missing(&admin, &[]).await;
    let alice = cluster.front.user("alice", &["logs:read:shop/*"]).await;
    assert_eq!(pods(&alice).await, ["shop/db@node-3", "shop/web@node-2"]);
    let list = get(&alice, "/pods?pod=d*").await.json();
    assert_eq!(list["pods"].as_array().unwrap().len(), 1);
    assert_eq!(get(&alice, "/whoami").await.json()["source"], "nodes");
    let list = get(&alice, "/api/v1/pods").await;
    assert_eq!(list.warning(), None);
    let nodes: Vec<_> = list.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["spec"]["nodeName"].clone())
        .collect();
    assert_eq!(nodes, ["node-3", "node-2"]);
    let list = get(&alice, "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-3").await.json();
    assert_eq!(list["items"][0]["metadata"]["name"], "db");
    let namespaces = get(&alice, "/api/v1/namespaces").await.json();
    assert_eq!(namespaces["items"].as_array().unwrap().len(), 1);
    let pod = get(&alice, "/api/v1/namespaces/shop/pods/db").await.json();
    assert_eq!(
        (&pod["metadata"]["uid"], &pod["status"]["phase"]),
        (&json!("3-4"), &json!("Running"))
    );
}

#[tokio::test]
async fn a_pod_that_comes_is_listed_and_watched_within_two_seconds() {
    let cluster = two_nodes();
    let admin = cluster.front.admin().await;
    listed(&admin, &["bank/vault@node-2", "shop/db@node-3", "shop/web@node-2"]).await;
    let mut watch = Watch::of(&admin, "/api/v1/namespaces/shop/pods?watch=1").await;
    // A node whose pods are heard of after the watch began comes later.
    let mut first = watch.words(2).await;
    first.sort();
    assert_eq!(first, ["ADDED db", "ADDED web"].map(str::to_owned));
    let began = Instant::now();
    cluster.nodes[1].logs.write("shop", "api", cri(&["one"]));
    assert_eq!(word(&watch.next().await.unwrap()), "ADDED api");
    assert!(began.elapsed().as_secs() < 2, "{:?}", began.elapsed());
    assert!(pods(&admin).await.contains(&"shop/api@node-3".to_owned()));
    fs::remove_dir_all(cluster.nodes[1].logs.pod("shop", "api").path()).unwrap();
    // Its last run may be seen once more while the files are removed.
    while word(&watch.next().await.unwrap()) != "DELETED api" {}
    listed(&admin, &["bank/vault@node-2", "shop/db@node-3", "shop/web@node-2"]).await;
}

#[tokio::test]
async fn a_pod_that_moved_is_on_its_new_node_with_its_earlier_incarnation() {
    let cluster = Cluster::start(2);
    let admin = cluster.front.admin().await;
    let [old, new] = ["2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z"];
    let line = |time: &str| format!("{time} stdout F x\n");
    let write = |node: usize, uid: &str, time: &str| {
        let pod = cluster.nodes[node].logs.incarnation("shop", "db-0", uid);
        pod.container("app").write("0.log", line(time));
    };
    write(0, "a-1", old);
    listed(&admin, &["shop/db-0@node-2"]).await;
    let mut watch = Watch::of(&admin, "/api/v1/pods?watch=1").await;
    assert_eq!(word(&watch.next().await.unwrap()), "ADDED db-0");
    write(1, "b-2", new);
    listed(&admin, &["shop/db-0@node-3"]).await;
    let pod = admin.pods().await.json()["pods"][0].clone();
    assert_eq!((&pod["uid"], &pod["incarnations"]), (&json!("b-2"), &json!(["a-1", "b-2"])));
    for expected in ["DELETED db-0 a-1", "ADDED db-0 b-2"] {
        let event: Value = watch.next().await.unwrap();
        let uid = event["object"]["metadata"]["uid"].as_str().unwrap();
        assert_eq!(format!("{} {uid}", word(&event)), expected);
    }
}

#[tokio::test]
async fn a_version_of_another_front_is_gone() {
    let cluster = two_nodes();
    let admin = cluster.front.admin().await;
    listed(&admin, &["bank/vault@node-2", "shop/db@node-3", "shop/web@node-2"]).await;
    let list = until("three pods", patience(), async || {
        let list = get(&admin, "/api/v1/pods").await.json();
        Some(list).filter(|list| list["items"].as_array().unwrap().len() == 3)
    })
    .await;
    let version: u64 = list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
    let instance = |version: u64| version % 10_000;
    for pod in list["items"].as_array().unwrap() {
        let of_pod = pod["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
        assert_eq!(instance(of_pod), instance(version));
    }
    let watched =
        |version: u64| format!("/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion={version}");
    let mut own = Watch::of(&admin, &watched(version)).await;
    assert_eq!(own.next().await, None);
    for other in [version + 1, version - 1] {
        let mut watch = Watch::of(&admin, &watched(other)).await;
        assert_eq!(watch.next().await.unwrap()["object"]["code"], 410);
    }
}

#[tokio::test]
async fn a_front_is_not_asked_by_a_front() {
    let cluster = Cluster::start(1);
    let admin = cluster.front.admin().await;
    for (path, code) in [("/pods", "loop_detected"), ("/logs/shop/web", "loop_detected")] {
        let request = admin.gateway(Method::GET, path).header("via", "1.1 logs-gateway");
        request.ask().await.check_problem_is(508, code);
    }
    let request = admin.gateway(Method::GET, "/api/v1/pods");
    let response = request.header("via", "1.0 a, 1.1 logs-gateway").send().await.unwrap();
    assert_eq!(response.status(), 508);
    let other = admin.gateway(Method::GET, "/pods").header("via", "1.1 proxy");
    assert_eq!(other.send().await.unwrap().status(), 200);
}
