//! Nodes that die, hang and return while their logs are read.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::timeout;

use super::{NDJSON, RecordStream, records, scene::Scene};
use crate::harness::{Ask, Caller, Setup, cri_at, patience, until};

const FOLLOW: &str = "/logs?pod=*&namespace=shop&follow=true";

/// Two nodes with a pod each, which count the lines that they write.
struct Writers {
    cluster: Scene,
    written: [usize; 2],
}

impl Writers {
    async fn start() -> (Self, Caller) {
        Self::of(Scene::start(2, Setup::new()).await).await
    }

    async fn of(cluster: Scene) -> (Self, Caller) {
        let admin = cluster.front.admin().await;
        let mut writers = Self { cluster, written: [0; 2] };
        for node in 0..2 {
            writers.write(node);
            writers.cluster.wait_for_pod(&admin, &format!("pod-{node}")).await;
        }
        (writers, admin)
    }

    fn write(&mut self, node: usize) {
        self.written[node] += 1;
        let line = cri_at(self.written[node], "stdout", &format!("{node} {}", self.written[node]));
        let pod = self.cluster.nodes[node].logs.pod("shop", &format!("pod-{node}"));
        pod.container("app").append("0.log", line);
    }
}

/// A follow, and how many lines of each node were received: each follows the one before.
struct Follow {
    stream: RecordStream,
    received: [usize; 2],
}

impl Follow {
    async fn of(caller: &Caller) -> Self {
        let stream = RecordStream::of(caller.gateway(Method::GET, FOLLOW)).await;
        Self { stream, received: [0; 2] }
    }

    /// Goes on behind a checkpoint, as a browser does.
    async fn go_on(&mut self, caller: &Caller, cursor: &str) {
        let request = caller.gateway(Method::GET, FOLLOW).header("last-event-id", cursor);
        self.stream = RecordStream::of(request).await;
    }

    /// Reads up to the next checkpoint behind all lines.
    async fn checkpoint(&mut self, writers: &Writers) -> String {
        self.read_all(writers).await;
        loop {
            let record = self.stream.next().await;
            if let Some(cursor) = record["cursor"].as_str().filter(|_| record["message"].is_null())
            {
                return cursor.to_owned();
            }
            self.count(&record);
        }
    }

    /// Reads up to a record of this kind.
    async fn read_until(&mut self, is_wanted: impl Fn(&Self, &Value) -> bool) {
        loop {
            let record = self.stream.next().await;
            self.count(&record);
            if is_wanted(self, &record) {
                return;
            }
        }
    }

    fn count(&mut self, record: &Value) {
        assert!(record.get("gap").is_none() && record.get("end").is_none(), "{record}");
        if let Some(message) = record["message"].as_str() {
            let (node, number) = message.split_once(' ').unwrap();
            let received = &mut self.received[node.parse::<usize>().unwrap()];
            assert_eq!(number.parse::<usize>().unwrap(), *received + 1, "{record}");
            *received += 1;
        }
    }

    async fn read_all(&mut self, writers: &Writers) {
        let written = writers.written;
        self.read_until(|follow, _| follow.received == written).await;
    }
}

#[tokio::test]
async fn a_node_that_returns_elsewhere_is_read_on_without_loss_or_repetition() {
    let (cluster, other_address) = Scene::with_movable_node().await;
    let (mut writers, admin) = Writers::of(cluster).await;
    let mut follow = Follow::of(&admin).await;
    follow.read_all(&writers).await;
    writers.cluster.nodes[1].service.kill();
    follow.read_until(|_, record| record["pod"]["event"] == "unreachable").await;
    // The other node goes on, and the dead one writes as well.
    for node in [0, 1, 0, 1] {
        writers.write(node);
    }
    let of_living = writers.written[0];
    follow.read_until(|follow, _| follow.received[0] == of_living).await;
    writers.cluster.nodes[1].start_again_at(other_address);
    follow.read_all(&writers).await;
    writers.write(1);
    follow.read_all(&writers).await;
}

#[tokio::test]
async fn a_node_that_returns_goes_on_where_it_was_and_not_where_the_client_came_back() {
    let (cluster, other) = Scene::with_movable_node().await;
    let (mut writers, admin) = Writers::of(cluster).await;
    let mut follow = Follow::of(&admin).await;
    let cursor = follow.checkpoint(&writers).await;
    follow.go_on(&admin, &cursor).await;
    (0..2).for_each(|node| writers.write(node));
    follow.read_all(&writers).await;
    writers.cluster.nodes[1].service.kill();
    follow.read_until(|_, record| record["pod"]["event"] == "unreachable").await;
    writers.cluster.nodes[1].start_again_at(other);
    writers.write(1);
    follow.read_all(&writers).await;
}

#[tokio::test]
async fn a_node_that_hangs_delays_only_its_own_lines() {
    let (mut writers, admin) = Writers::start().await;
    let mut follow = Follow::of(&admin).await;
    follow.read_until(|_, record| record["live"] == true).await;
    writers.cluster.nodes[1].service.pause().await;
    for node in [0, 1, 0, 0] {
        writers.write(node);
    }
    let of_living = writers.written[0];
    let bound = Duration::from_secs(5);
    let read = follow.read_until(|follow, _| follow.received[0] == of_living);
    timeout(bound, read).await.expect("lines wait for a node that hangs");
    writers.cluster.nodes[1].service.resume();
    follow.read_all(&writers).await;
}

#[tokio::test]
async fn what_a_dead_node_has_is_missing_and_that_is_said() {
    let (mut writers, admin) = Writers::start().await;
    writers.cluster.nodes[1].service.kill();
    until("the front misses the node", patience(), async || {
        let list = admin.pods().await.json();
        (list["missing"] == serde_json::json!(["node-3"])).then_some(())
    })
    .await;
    let all = records(&admin, "/logs?pod=*&namespace=shop").await;
    let end = &all.last().unwrap()["end"];
    assert_eq!((&end["reason"], &end["missing"][0]), (&"complete".into(), &"node-3".into()));
    // Text has no words for it.
    let text = admin.gateway(Method::GET, "/logs?pod=*&namespace=shop");
    let text = text.header("accept", "text/plain").send().await.unwrap();
    assert!(text.headers()["warning"].to_str().unwrap().contains("node-3"));
    text.bytes().await.unwrap_err();
    let single = admin.text_request("shop/pod-1").ask().await;
    single.check_problem_is(503, "source_unavailable");
    assert_eq!(admin.text_request("shop/pod-0").ask().await.text(), "0 1\n");
}

#[tokio::test]
async fn a_follow_of_a_pod_whose_node_dies_says_so() {
    let (mut writers, admin) = Writers::start().await;
    let open = async |accept: &str| {
        let request = admin.gateway(Method::GET, "/logs/shop/pod-1?follow=true");
        let mut response = request.header("accept", accept).send().await.unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        response
    };
    let [records, text] = [open(NDJSON).await, open("text/plain").await];
    writers.cluster.nodes[1].service.kill();
    let records = records.text().await.unwrap();
    assert!(records.ends_with("{\"end\":{\"reason\":\"source\"}}\n"), "{records}");
    text.bytes().await.unwrap_err();
}
