//! The logs of many pods on several nodes.

use reqwest::Method;
use serde_json::json;

use super::{EVENTS, NDJSON, RecordStream, messages, records, scene::Scene};
use crate::harness::{ActiveAnswer, Ask, Caller, FakeAuthority, Setup, WELL_FORMED_TOKEN, cri_at};

const ALL: &str = "/logs?pod=*&namespace=shop";

/// Two nodes whose pods write in turn.
async fn in_turn() -> (Scene, Caller) {
    let cluster = Scene::start(2, Setup::new()).await;
    let admin = cluster.front.admin().await;
    for second in 0..6 {
        let node = second % 2;
        let pod = format!("pod-{node}");
        let line = cri_at(second, "stdout", &format!("line {second}"));
        cluster.nodes[node].logs.pod("shop", &pod).container("app").append("0.log", line);
    }
    for node in 0..2 {
        cluster.wait_for_pod(&admin, &format!("pod-{node}")).await;
    }
    (cluster, admin)
}

#[tokio::test]
async fn lines_of_all_nodes_are_merged_by_time() {
    let (_cluster, admin) = in_turn().await;
    let text = admin.gateway(Method::GET, ALL).header("accept", "text/plain").ask().await;
    let expected: String =
        (0..6).map(|line| format!("shop/pod-{}/app line {line}\n", line % 2)).collect();
    assert_eq!(text.text(), expected);
    let log = admin.gateway(Method::GET, &format!("{ALL}&prefix=false&tail=2")).ask().await.log();
    assert_eq!(log, "line 4\nline 5\n");
    let all = records(&admin, ALL).await;
    assert_eq!(messages(&all), ["line 0", "line 1", "line 2", "line 3", "line 4", "line 5"]);
    assert!(all[0]["cursor"].is_string(), "{all:?}");
    assert_eq!(all.last().unwrap(), &json!({"end": {"reason": "complete"}}));
    let limited = records(&admin, &format!("{ALL}&limitLines=3&grep=line%20%5B1-5%5D")).await;
    assert_eq!(messages(&limited), ["line 1", "line 2", "line 3"]);
    let events = admin.gateway(Method::GET, ALL).header("accept", EVENTS).ask().await;
    assert_eq!(events.text().matches("\"message\"").count(), 6);
}

#[tokio::test]
async fn a_reading_goes_on_at_any_checkpoint() {
    let (_cluster, admin) = in_turn().await;
    let cursor = |records: &[serde_json::Value]| {
        let mut checkpoints = records.iter().filter(|record| record["message"].is_null());
        let last = checkpoints.rfind(|record| record["cursor"].is_string()).unwrap();
        last["cursor"].as_str().unwrap().to_owned()
    };
    let mut page = records(&admin, &format!("{ALL}&limitLines=2")).await;
    let mut all = messages(&page).join(",");
    for _ in 0..2 {
        page = records(&admin, &format!("{ALL}&limitLines=2&after={}", cursor(&page))).await;
        all = format!("{all},{}", messages(&page).join(","));
    }
    assert_eq!(all, "line 0,line 1,line 2,line 3,line 4,line 5");
    page = records(&admin, &format!("{ALL}&after={}", cursor(&page))).await;
    assert!(messages(&page).is_empty(), "{page:?}");
}

#[tokio::test]
async fn nodes_give_only_what_the_caller_may_read() {
    let (cluster, _) = in_turn().await;
    let ada = cluster.front.user("ada", &["logs:read:shop/pod-1"]).await;
    assert_eq!(messages(&records(&ada, ALL).await), ["line 1", "line 3", "line 5"]);
    let none = ada.gateway(Method::GET, "/logs?pod=*&namespace=bank").header("accept", NDJSON);
    none.ask().await.check_problem_is(403, "permission_denied");
}

#[tokio::test]
async fn logs_are_counted_over_all_nodes() {
    let setup = Setup::new().gateway("GATEWAY_MAX_PODS_PER_STREAM", "1");
    let cluster = Scene::start(2, setup).await;
    let admin = cluster.front.admin().await;
    let request = admin.gateway(Method::GET, "/logs?pod=*&namespace=kube-system");
    request.ask().await.check_problem_is(400, "too_many_pods");
    let one = admin.gateway(Method::GET, "/logs?pod=proxy-0&namespace=kube-system");
    assert_eq!(one.ask().await.status, 200);
}

#[tokio::test]
async fn permissions_that_change_take_effect_in_a_follow_on_all_nodes() {
    let permitted = |permissions: &[&str]| {
        ActiveAnswer::of(permissions[0]).with("permissions", json!(permissions)).reply()
    };
    let authority = FakeAuthority::start(permitted(&["logs:read"])).await;
    let setup = Setup::new()
        .gateway("GATEWAY_SSO_URL", &authority.url())
        .gateway("GATEWAY_REVALIDATE", "100ms");
    let cluster = Scene::start(2, setup).await;
    let append = |node: usize, second, line: &str| {
        let pod = cluster.nodes[node].logs.pod("shop", &format!("pod-{node}"));
        pod.container("app").append("0.log", cri_at(second, "stdout", line));
    };
    let caller = cluster.front.anonymous().with_token(WELL_FORMED_TOKEN);
    for node in 0..2 {
        append(node, node, "begin");
        cluster.wait_for_pod(&caller, &format!("pod-{node}")).await;
    }
    let both = ["logs:read:shop/pod-0", "logs:read:shop/pod-1"];
    authority.answer(permitted(&both));
    let request = caller.gateway(Method::GET, &format!("{ALL}&follow=true"));
    let mut follow = RecordStream::of(request).await;
    let message = async |follow: &mut RecordStream| {
        let line = follow.record(|record| record["message"].is_string()).await;
        line["message"].as_str().unwrap().to_owned()
    };
    let event = async |follow: &mut RecordStream, event: &str| {
        let record = follow.record(|record| record["pod"]["event"] == event).await;
        record["pod"]["pod"].as_str().unwrap().to_owned()
    };
    for _ in 0..2 {
        assert_eq!(message(&mut follow).await, "begin");
    }
    authority.answer(permitted(&both[..1]));
    assert_eq!(event(&mut follow, "forbidden").await, "pod-1");
    append(1, 2, "not for the caller");
    append(0, 3, "for the caller");
    assert_eq!(message(&mut follow).await, "for the caller");
    authority.answer(permitted(&both));
    assert_eq!(event(&mut follow, "joined").await, "pod-1");
    append(1, 4, "again");
    assert_eq!(message(&mut follow).await, "again");
}
