//! Containers that join a follow of all containers of one pod of a cluster.

use reqwest::Method;
use serde_json::Value;

use super::stage::Cluster;
use crate::{
    harness::{Caller, cri, cri_at},
    many::{ManyStream, NDJSON},
};

async fn follow(caller: &Caller, after: Option<&str>) -> ManyStream {
    let request = caller.gateway(Method::GET, "/logs/shop/web?container=*&follow=true");
    let request = request.header("accept", NDJSON);
    ManyStream::of_request(match after {
        Some(cursor) => request.header("last-event-id", cursor),
        None => request,
    })
    .await
}

fn named(line: &Value) -> [&str; 2] {
    [&line["container"], &line["message"]].map(|value| value.as_str().unwrap())
}

#[tokio::test]
async fn a_follow_goes_on_behind_a_line_of_a_container_that_joined() {
    let cluster = Cluster::start(|server| server.logs.write("shop", "web", cri(&["one"]))).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/*"]).await;
    let pod = cluster.server.logs.pod("shop", "web");
    let mut stream = follow(&alice, None).await;
    assert_eq!(named(&stream.line().await), ["app", "one"]);
    pod.container("side").write("0.log", cri_at(1, "stdout", "beside"));
    assert_eq!(stream.pod_event("joined").await["container"], "side");
    let joined = stream.line().await;
    assert_eq!(named(&joined), ["side", "beside"]);
    drop(stream);
    pod.container("app").append("0.log", cri_at(2, "stdout", "two"));
    let mut stream = follow(&alice, joined["cursor"].as_str()).await;
    assert_eq!(named(&stream.line().await), ["app", "two"]);
    pod.container("side").append("0.log", cri_at(3, "stdout", "beside two"));
    assert_eq!(named(&stream.line().await), ["side", "beside two"]);
}
