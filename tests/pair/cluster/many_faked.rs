//! Many pods of a cluster: what only a fake API server can show.

use serde_json::{Value, json};

use super::stage::FakeCluster;
use crate::{
    harness::{ActiveAnswer, Caller, FakeApiServer, FakeAuthority, Setup, WELL_FORMED_TOKEN},
    many::{ManyStream, NDJSON, ask, checkpoint, messages, records},
};

const ALL: &str = "pod=*&namespace=shop";
const FOLLOW: &str = "pod=*&namespace=shop&follow=true";

/// The authority decides what the caller may read.
struct Scene {
    cluster: FakeCluster,
    authority: FakeAuthority,
    caller: Caller,
}

fn permitted(permissions: &[&str]) -> ActiveAnswer {
    ActiveAnswer::of(permissions[0]).with("permissions", json!(permissions))
}

impl Scene {
    async fn start(permissions: &[&str], configure: impl FnOnce(Setup) -> Setup) -> Self {
        let server = FakeApiServer::start().await;
        for (second, pod, tier) in [(0, "web-0", "front"), (1, "web-1", "back")] {
            let line = format!("2026-11-01T10:00:0{second}Z {pod} before\n");
            server.run_pod("shop", pod, &json!({"tier": tier}), &line);
        }
        let authority = FakeAuthority::start(permitted(permissions).reply()).await;
        let configured = |setup: Setup| {
            let setup = setup.gateway("GATEWAY_SSO_URL", &authority.url());
            configure(setup.gateway("GATEWAY_REVALIDATE", "100ms"))
        };
        let cluster = FakeCluster::with(server, configured).await;
        let caller = cluster.gateway.anonymous().with_token(WELL_FORMED_TOKEN);
        Self { cluster, authority, caller }
    }

    fn permit(&self, permissions: &[&str]) {
        self.authority.answer(permitted(permissions).reply());
    }

    /// A line that was written after anything that happens in this test.
    fn write(&self, pod: &str, second: usize, line: &str) {
        let line = format!("2099-01-01T00:00:0{second}Z {line}");
        self.cluster.server.write("shop", pod, &line);
    }
}

fn reason(record: &Value) -> &str {
    record["end"]["reason"].as_str().unwrap()
}

#[tokio::test]
async fn a_grant_during_a_follow_brings_its_pods_in_from_then_on() {
    let scene = Scene::start(&["logs:read:shop/web-0"], |setup| setup).await;
    let mut stream = ManyStream::of(&scene.caller, FOLLOW, NDJSON).await;
    assert_eq!(stream.line().await["message"], "web-0 before");
    assert!(scene.cluster.server.asked_for("/api/v1/namespaces/shop/pods/web-1").is_empty());
    scene.permit(&["logs:read:shop/web-0", "logs:read:shop/web-1"]);
    assert_eq!(stream.pod_event("joined").await["pod"], "web-1");
    let after = stream.checkpoint().await;
    scene.write("web-1", 1, "web-1 after");
    assert_eq!(stream.line().await["message"], "web-1 after");
    // A cursor from before that line holds the place.
    let rest = records(&scene.caller, &format!("{ALL}&after={after}")).await;
    assert_eq!(messages(&rest), ["web-1 after"]);
    // And it goes with the permission.
    scene.permit(&["logs:read:shop/web-0"]);
    assert_eq!(stream.pod_event("forbidden").await["pod"], "web-1");
    scene.write("web-1", 2, "not for the caller");
    scene.write("web-0", 3, "web-0 after");
    assert_eq!(stream.line().await["message"], "web-0 after");
    scene.permit(&["logs:read:bank/*"]);
    let end = stream.record(|record| record.get("end").is_some()).await;
    assert_eq!(reason(&end), "forbidden");
}

#[tokio::test]
async fn lines_that_came_by_themselves_are_given_together() {
    const LINES: usize = 300;
    let scene = Scene::start(&["logs:read:shop/*"], |setup| setup).await;
    let mut stream = ManyStream::of(&scene.caller, FOLLOW, NDJSON).await;
    stream.checkpoint().await;
    for number in 0..LINES {
        scene.write("web-0", 0, &number.to_string());
        scene.write("web-1", 0, &number.to_string());
    }
    let (mut lines, mut checkpoints) = (0, 0);
    while lines < 2 + 2 * LINES {
        let record = stream.record(|_| true).await;
        let is_line = record.get("message").is_some();
        lines += usize::from(is_line);
        checkpoints += usize::from(!is_line && record.get("cursor").is_some());
    }
    // Logs that are merged are looked at ten times a second.
    assert!(checkpoints < LINES / 2, "{checkpoints} for {lines} lines");
}

#[tokio::test]
async fn labels_choose_pods() {
    let scene = Scene::start(&["logs:read:shop/*"], |setup| setup).await;
    let labelled = |selector: &str| format!("{ALL}&labelSelector={selector}");
    let found = records(&scene.caller, &labelled("tier%3Dback")).await;
    assert_eq!(messages(&found), ["web-1 before"]);
    assert_eq!(messages(&records(&scene.caller, &labelled("tier")).await).len(), 2);
    let after = checkpoint(&found);
    for (other, status) in [("tier%3Dback", 200), ("tier%3Dfront", 400)] {
        let query = format!("{}&after={after}", labelled(other));
        assert_eq!(ask(&scene.caller, &query, NDJSON).await.status, status, "{other}");
    }
    let follow = format!("{FOLLOW}&labelSelector=tier%3Dback");
    let mut stream = ManyStream::of(&scene.caller, &follow, NDJSON).await;
    assert_eq!(stream.line().await["message"], "web-1 before");
    let server = &scene.cluster.server;
    server.run_pod("shop", "web-2", &json!({"tier": "front"}), "2026-11-01T10:00:02Z other\n");
    server.run_pod("shop", "web-3", &json!({"tier": "back"}), "2026-11-01T10:00:03Z joined\n");
    assert_eq!(stream.line().await["message"], "joined");
    server.remove_pod("shop", "web-3");
    assert_eq!(stream.pod_event("gone").await["pod"], "web-3");
}

#[tokio::test]
async fn logs_are_counted_after_permissions() {
    let limited = |setup: Setup| setup.gateway("GATEWAY_MAX_PODS_PER_STREAM", "1");
    let scene = Scene::start(&["logs:read:shop/*"], limited).await;
    ask(&scene.caller, ALL, NDJSON).await.check_problem_is(400, "too_many_pods");
    scene.permit(&["logs:read:shop/web-1"]);
    assert_eq!(messages(&records(&scene.caller, ALL).await), ["web-1 before"]);
}

#[tokio::test]
async fn both_policies_decide_about_each_of_many_pods() {
    let impersonating = |setup: Setup| setup.gateway("GATEWAY_KUBE_IMPERSONATE", "true");
    let scene = Scene::start(&["logs:read:shop/*"], impersonating).await;
    let server = &scene.cluster.server;
    assert_eq!(messages(&records(&scene.caller, ALL).await).len(), 2);
    let asked = server.asked_for("/api/v1/namespaces/shop/pods/web-0/log");
    let user = asked[0].find("impersonate-user").unwrap().to_owned();
    server.deny(Some(&user), "/api/v1/namespaces/shop/pods/web-0/log");
    let visible = records(&scene.caller, ALL).await;
    assert_eq!(messages(&visible), ["web-1 before"]);
    assert_eq!(reason(visible.last().unwrap()), "complete");
    server.deny(Some(&user), "/api/v1/namespaces/shop/pods");
    ask(&scene.caller, ALL, NDJSON).await.check_problem_is(403, "permission_denied");
}
