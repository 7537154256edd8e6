//! Containers of a pod that was moved, whose incarnations do not have the same ones.

use reqwest::Method;

use super::{
    NDJSON, RecordStream,
    incarnations::{ALL, MovedPod, last_cursor},
    messages, records,
};
use crate::harness::{Ask, Caller, cri_at, patience, until};

/// The last node has another incarnation, with a log of its init container alone.
async fn with_new_incarnation() -> (MovedPod, Caller) {
    let (moved, admin) = MovedPod::start().await;
    let pod = moved.cluster.nodes[1].logs.incarnation("shop", "db-0", "uid-4");
    pod.container("init").write("0.log", cri_at(20, "stdout", "prepares"));
    moved.wait_for_incarnations(&admin, 4).await;
    (moved, admin)
}

#[tokio::test]
async fn a_container_is_read_before_the_last_incarnation_has_its_log() {
    let (moved, admin) = with_new_incarnation().await;
    let path = format!("{ALL}&container=app");
    let read = records(&admin, &path).await;
    assert_eq!(messages(&read), moved.lines());
    let follow = admin.gateway(Method::GET, &format!("{path}&follow=true"));
    let mut stream = RecordStream::of(follow.header("last-event-id", last_cursor(&read))).await;
    let pod = moved.cluster.nodes[1].logs.incarnation("shop", "db-0", "uid-4");
    pod.container("app").write("0.log", cri_at(21, "stdout", "starts"));
    let line = stream.record(|record| record["message"].is_string()).await;
    assert_eq!(line["message"], "starts");
    let other = admin.gateway(Method::GET, &format!("{ALL}&container=other")).ask().await;
    other.check_problem_is(404, "container_not_found");
}

#[tokio::test]
async fn a_reading_of_the_only_container_goes_on_when_the_pod_has_others() {
    let (moved, admin) = MovedPod::start().await;
    let read = records(&admin, ALL).await;
    let pod = moved.cluster.nodes[0].logs.incarnation("shop", "db-0", "uid-3");
    pod.container("side").write("0.log", cri_at(20, "stdout", "beside"));
    until("the front knows both containers", patience(), async || {
        let answer = admin.gateway(Method::GET, ALL).header("accept", NDJSON).ask().await;
        (answer.status == 400).then_some(())
    })
    .await;
    pod.container("app").append("0.log", cri_at(21, "stdout", "later"));
    let rest = records(&admin, &format!("{ALL}&after={}", last_cursor(&read))).await;
    assert_eq!(messages(&rest), ["later"]);
}
