//! Permissions to read logs.

use reqwest::Method;

use crate::harness::{Ask, Pair, cri};

/// Pods in three namespaces.
fn pair_with_pods() -> Pair {
    let pair = Pair::start();
    for (namespace, pod) in
        [("default", "web"), ("shop", "web-1"), ("shop", "db"), ("bank", "vault")]
    {
        pair.logs.write(namespace, pod, cri(&[&format!("of {namespace}/{pod}")]));
    }
    pair
}

#[tokio::test]
async fn a_permission_for_a_namespace_reads_only_that() {
    let pair = pair_with_pods();
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    assert_eq!(alice.text("shop/web-1").await.text(), "of shop/web-1\n");
    assert_eq!(alice.text("db?namespace=shop").await.text(), "of shop/db\n");
    for other in ["web", "default/web", "bank/vault", "vault?namespace=bank"] {
        alice.logs(other).await.check_problem_is(403, "permission_denied");
    }
    assert_eq!(alice.pod_names().await, ["shop/db", "shop/web-1"]);
}

#[tokio::test]
async fn permissions_may_name_pods_by_pattern_and_add_up() {
    let pair = pair_with_pods();
    let alice = pair.user("alice", &["logs:read:*/web*", "logs:read:bank/vaul?"]).await;
    assert_eq!(alice.pod_names().await, ["bank/vault", "default/web", "shop/web-1"]);
    alice.logs("shop/db").await.check_problem_is(403, "permission_denied");
    assert_eq!(alice.logs("shop/web-1").await.status, 200);
}

#[tokio::test]
async fn a_bare_action_reads_everything_and_another_action_nothing() {
    let pair = pair_with_pods();
    let reader = pair.user("reader", &["logs:read"]).await;
    assert_eq!(reader.pod_names().await.len(), 4);
    let deployer = pair.user("deployer", &["deploy:write:shop/*", "logs:write"]).await;
    deployer.logs("shop/db").await.check_problem_is(403, "permission_denied");
    deployer.pods().await.check_problem_is(403, "permission_denied");
}

#[tokio::test]
async fn a_caller_without_any_log_permission_gets_no_list() {
    let pair = pair_with_pods();
    let nobody = pair.user("nobody", &[]).await;
    let answer = nobody.pods().await;
    answer.check_problem_is(403, "permission_denied");
    let challenge = answer.challenge().unwrap();
    assert!(
        challenge.ends_with("error=\"insufficient_scope\", scope=\"logs:read\""),
        "{challenge}"
    );
    nobody.logs("web").await.check_problem_is(403, "permission_denied");
}

#[tokio::test]
async fn a_caller_with_permission_for_missing_pods_gets_an_empty_list() {
    let pair = pair_with_pods();
    let alice = pair.user("alice", &["logs:read:garden/*"]).await;
    assert!(alice.pod_names().await.is_empty());
    alice.logs("garden/tree").await.check_problem_is(404, "pod_not_found");
}

#[tokio::test]
async fn a_refusal_does_not_reveal_whether_a_pod_exists() {
    let pair = pair_with_pods();
    let container = pair.logs.pod("bank", "pipes").container("app");
    container.pipe("0.log");
    pair.logs.pod("bank", "empty");
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    for query in ["", "?container=app", "?container=none", "?uid=none", "?previous=true", "?tail=1"]
    {
        for method in [Method::GET, Method::HEAD] {
            let ask = async |pod: &str| {
                let path = format!("/logs/bank/{pod}{query}");
                alice.gateway(method.clone(), &path).ask().await.likeness(pod)
            };
            // As long as the others, so that every byte can be compared.
            let missing = ask("noone").await;
            assert_eq!(missing.0, 403);
            for there in ["vault", "pipes", "empty"] {
                assert_eq!(ask(there).await, missing, "{method} {there}{query}");
            }
        }
    }
}

#[tokio::test]
async fn simultaneous_callers_get_their_own_answers() {
    let pair = pair_with_pods();
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    let bob = pair.user("bob", &["logs:read:bank/*"]).await;
    // The same pods for different callers in turn: each gets its own answer.
    for _ in 0..10 {
        let (for_alice, for_bob) = tokio::join!(alice.logs("shop/db"), bob.logs("shop/db"));
        assert_eq!((for_alice.status, for_bob.status), (200, 403));
        let (for_alice, for_bob) = tokio::join!(alice.pod_names(), bob.pod_names());
        assert_eq!(for_alice, ["shop/db", "shop/web-1"]);
        assert_eq!(for_bob, ["bank/vault"]);
    }
}
