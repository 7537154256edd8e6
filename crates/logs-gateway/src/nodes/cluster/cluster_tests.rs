//! Nodes that come, restart, move and go.

use std::time::Duration;

use chrono::DateTime;
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::*;
use crate::nodes::{discovery::NodeAddress, endpoint::NodeConnector, node_target::NodeTarget};

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, last], 8000))
}

fn cluster(addresses: &[u8]) -> Cluster {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let connector = Arc::new(NodeConnector::new(tls, Duration::from_secs(2)));
    let target = Arc::new(NodeTarget::parse("nodes:8000").unwrap());
    let cluster = Cluster::default();
    for last in addresses {
        let to = NodeAddress { target: target.clone(), address: address(*last) };
        cluster.add_endpoint(Arc::new(NodeEndpoint::new(to, connector.clone())));
    }
    cluster
}

fn identity(node: &str, started: i64) -> NodeIdentity {
    let started_at = DateTime::from_timestamp(started, 0).unwrap();
    NodeIdentity { node: node.to_owned(), started_at }
}

fn pod(name: &str) -> PodSummary {
    PodSummary {
        pod: PodRef { namespace: "shop".parse().unwrap(), pod: name.parse().unwrap() },
        uid: format!("uid-{name}").parse().unwrap(),
        node: None,
        object: None,
        incarnations: vec![format!("uid-{name}").parse().unwrap()],
        created_at: None,
        containers: Vec::new(),
    }
}

fn names(cluster: &Cluster) -> Vec<String> {
    let pods = cluster.summaries(|_| true).into_iter();
    pods.map(|pod| format!("{}@{}", pod.pod.pod, pod.node.as_deref().unwrap())).collect()
}

fn asked(cluster: &Cluster, node: &str) -> Option<SocketAddr> {
    cluster.access(node).map(|access| access.endpoint.address())
}

#[tokio::test]
async fn the_address_that_started_last_is_asked_and_tells_the_pods() {
    let (cluster, now) = (cluster(&[1, 2]), Instant::now());
    assert!(!cluster.has_settled());
    assert_eq!(cluster.missing(), ["10.0.0.1:8000", "10.0.0.2:8000"]);
    cluster.synced(address(1), identity("a", 10), vec![pod("old")], now);
    assert!(!cluster.has_settled());
    cluster.synced(address(2), identity("a", 20), vec![pod("new")], now);
    assert!(cluster.has_settled());
    assert_eq!((names(&cluster), asked(&cluster, "a")), (vec!["new@a".into()], Some(address(2))));
    // The other one is heard, and changes nothing.
    let told = cluster.told(address(1), Some(ToldPod::Present(pod("other"))));
    assert_eq!((told, names(&cluster)), (StreamOrder::GoOn, vec!["new@a".into()]));
    cluster.lost(address(2), now);
    assert_eq!((asked(&cluster, "a"), cluster.missing()), (Some(address(1)), vec![]));
    // Its pods are not known yet.
    assert_eq!(cluster.told(address(1), None), StreamOrder::BeginAnew);
    cluster.synced(address(1), identity("a", 10), vec![pod("old")], now);
    assert_eq!(names(&cluster), ["old@a"]);
}

#[tokio::test]
async fn the_pods_of_a_lost_node_stay_until_it_is_forgotten() {
    let (cluster, now) = (cluster(&[1, 2]), Instant::now());
    cluster.synced(address(1), identity("a", 10), vec![pod("one")], now);
    cluster.lost(address(2), now);
    assert!(cluster.has_settled());
    cluster.take_changes();
    cluster.lost(address(1), now);
    assert_eq!(cluster.missing(), ["10.0.0.2:8000", "a"]);
    assert_eq!((names(&cluster), cluster.counts()), (vec!["one@a".into()], (0, 2)));
    let changes = cluster.take_changes();
    assert!(changes[0].1.as_ref().unwrap().is_node_lost);
    assert!(cluster.access("a").unwrap().lost.borrow().is_some());
    cluster.synced(address(1), identity("a", 11), vec![pod("one")], now);
    assert!(!cluster.take_changes()[0].1.as_ref().unwrap().is_node_lost);
    cluster.forget_endpoint(address(1), now);
    assert_eq!((names(&cluster), asked(&cluster, "a")), (vec![], None));
    assert_eq!(cluster.take_changes()[0].1, None);
}

#[tokio::test]
async fn an_address_that_becomes_that_of_another_node_takes_no_pods_along() {
    let (cluster, now) = (cluster(&[1]), Instant::now());
    cluster.synced(address(1), identity("a", 10), vec![pod("one")], now);
    cluster.synced(address(1), identity("b", 20), vec![pod("two")], now);
    assert_eq!(names(&cluster), ["one@a", "two@b"]);
    assert_eq!((asked(&cluster, "a"), asked(&cluster, "b")), (None, Some(address(1))));
    assert_eq!(cluster.missing(), ["a"]);
    cluster.forget_displaced(now + FORGET_AFTER / 2);
    assert_eq!(names(&cluster).len(), 2);
    cluster.forget_displaced(now + FORGET_AFTER);
    assert_eq!(names(&cluster), ["two@b"]);
}

#[tokio::test]
async fn what_a_node_tells_is_applied() {
    let (cluster, now) = (cluster(&[1]), Instant::now());
    assert_eq!(cluster.told(address(1), None), StreamOrder::BeginAnew);
    cluster.synced(address(1), identity("a", 10), vec![pod("one"), pod("two")], now);
    cluster.told(address(1), Some(ToldPod::Removed(pod("one").pod)));
    cluster.told(address(1), Some(ToldPod::Present(pod("three"))));
    assert_eq!(names(&cluster), ["three@a", "two@a"]);
    cluster.synced(address(1), identity("a", 11), vec![pod("four")], now);
    assert_eq!(names(&cluster), ["four@a"]);
}

/// An address may be that of another node one day, and no node has many names.
#[tokio::test]
async fn an_address_with_ever_new_names_keeps_the_pods_of_two() {
    let (cluster, now) = (cluster(&[1]), Instant::now());
    for number in 0..10 {
        let (node, name) = (format!("node-{number}"), format!("pod-{number}"));
        cluster.synced(address(1), identity(&node, number), vec![pod(&name)], now);
    }
    assert_eq!(names(&cluster), ["pod-8@node-8", "pod-9@node-9"]);
    assert_eq!(cluster.node_names(), ["node-8", "node-9"].map(Arc::from));
}
