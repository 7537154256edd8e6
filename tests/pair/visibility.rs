//! A caller learns nothing about pods without permission to read them.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Ask, Caller, Pair, Watch, ask_kubernetes, cri};

async fn list(caller: &Caller, path: &str) -> Value {
    let answer = caller.gateway(Method::GET, path).ask().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn namespaces(caller: &Caller) -> Vec<String> {
    let list = list(caller, "/api/v1/namespaces").await;
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

/// The parts of a list that could reveal a change, without the version of the list itself, which
/// always rises.
async fn shown(caller: &Caller) -> Vec<Value> {
    let mut shown = Vec::new();
    for path in ["/api/v1/namespaces", "/api/v1/pods"] {
        shown.push(list(caller, path).await["items"].clone());
    }
    shown
}

#[tokio::test]
async fn a_namespace_without_a_visible_pod_does_not_exist() {
    let pair = Pair::start();
    pair.logs.write("shop", "web-1", cri(&["one"]));
    pair.logs.write("bank", "vault", cri(&["one"]));
    let alice = pair.user("alice", &["logs:read:*/web-*"]).await;
    assert_eq!(namespaces(&alice).await, ["shop"]);
    let get = async |name: &str| {
        let path = format!("/api/v1/namespaces/{name}");
        let (code, status) = ask_kubernetes(alice.gateway(Method::GET, &path)).await;
        (code, status.to_string().replace(name, "NAME"))
    };
    let hidden = get("bank").await;
    assert_eq!(hidden.0, 404);
    assert_eq!(hidden, get("missing").await);
    assert_eq!(namespaces(&pair.admin().await).await, ["bank", "shop"]);
}

#[tokio::test]
async fn hidden_pods_change_nothing_visible() {
    let pair = Pair::start();
    pair.logs.write("shop", "web-1", cri(&["one"]));
    pair.logs.write("bank", "vault", cri(&["one"]));
    let alice = pair.user("alice", &["logs:read:*/web-*"]).await;
    let before = shown(&alice).await;
    let mut watch = Watch::of(&alice, "/api/v1/namespaces?watch=true").await;
    assert_eq!(watch.words(1).await, ["ADDED shop"]);
    pair.logs.write("shop", "cart", cri(&["one"]));
    pair.logs.write("yard", "gate", cri(&["one"]));
    std::fs::remove_dir_all(pair.logs.pod("bank", "vault").path()).unwrap();
    assert_eq!(shown(&alice).await, before);
    pair.logs.write("yard", "web-2", cri(&["one"]));
    assert_eq!(watch.words(1).await, ["ADDED yard"]);
    std::fs::remove_dir_all(pair.logs.pod("yard", "web-2").path()).unwrap();
    assert_eq!(watch.words(1).await, ["DELETED yard"]);
}

#[tokio::test]
async fn the_version_of_a_list_rises_whether_or_not_anything_changes() {
    let pair = Pair::start();
    pair.logs.write("shop", "web-1", cri(&["one"]));
    let alice = pair.user("alice", &["logs:read:*/web-*"]).await;
    let version = async || -> u64 {
        let list = list(&alice, "/api/v1/pods").await;
        list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
    };
    let (first, second) = (version().await, version().await);
    assert!(first < second);
    let mut watch =
        Watch::of(&alice, &format!("/api/v1/pods?watch=true&resourceVersion={first}")).await;
    pair.logs.write("shop", "web-2", cri(&["one"]));
    assert_eq!(watch.words(1).await, ["ADDED web-2"]);
}
