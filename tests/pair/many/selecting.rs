//! Which logs a stream of many is of.

use reqwest::Method;

use super::{NDJSON, ask, messages, records, request};
use crate::harness::{Ask, Pair, Setup, cri, cri_at};

/// Pods in three namespaces, whose lines are a second apart.
fn pods(pair: &Pair) {
    for (second, namespace, pod) in
        [(3, "shop", "web-0"), (1, "shop", "web-1"), (2, "bank", "web-0"), (4, "shop", "db")]
    {
        let line = cri_at(second, "stdout", &format!("{namespace}/{pod}"));
        pair.logs.write(namespace, pod, line);
    }
}

#[tokio::test]
async fn globs_choose_pods_and_lines_come_in_the_order_of_their_times() {
    let pair = Pair::start();
    pods(&pair);
    let admin = pair.admin().await;
    for (query, expected) in [
        ("pod=*&namespace=*", &["shop/web-1", "bank/web-0", "shop/web-0", "shop/db"][..]),
        ("pod=web-*&namespace=shop", &["shop/web-1", "shop/web-0"]),
        ("pod=web-?,db&namespace=sh*", &["shop/web-1", "shop/web-0", "shop/db"]),
        ("pod=web-0&namespace=bank,shop", &["bank/web-0", "shop/web-0"]),
        ("pod=*&namespace=*&tail=2", &["shop/web-0", "shop/db"]),
        ("pod=*&namespace=*&limitLines=1", &["shop/web-1"]),
        ("pod=*&namespace=*&container=other", &[]),
        ("pod=*&namespace=*&grep=db", &["shop/db"]),
        ("pod=*", &[]),
    ] {
        assert_eq!(messages(&records(&admin, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn only_what_may_be_read_is_merged_and_only_an_impossible_wish_is_denied() {
    let pair = Pair::start();
    pods(&pair);
    let alice = pair.user("alice", &["logs:read:shop/web-*"]).await;
    let all = records(&alice, "pod=*&namespace=*").await;
    assert_eq!(messages(&all), ["shop/web-1", "shop/web-0"]);
    for allowed in ["pod=*-9&namespace=shop", "pod=*&namespace=s*"] {
        assert_eq!(ask(&alice, allowed, NDJSON).await.status, 200, "{allowed}");
        let head = alice.gateway(Method::HEAD, &format!("/logs?{allowed}")).ask().await;
        assert_eq!(head.status, 200, "{allowed}");
    }
    // Whether such a pod exists plays no part.
    for denied in ["pod=*&namespace=bank", "pod=db&namespace=shop", "pod=db*&namespace=*"] {
        let refused = ask(&alice, denied, NDJSON).await;
        refused.check_problem_is(403, "permission_denied");
    }
}

#[tokio::test]
async fn what_is_not_for_many_logs_is_refused() {
    let pair = Pair::start();
    pods(&pair);
    let admin = pair.admin().await;
    for (query, status, code) in [
        ("", 400, "bad_request"),
        ("pod=A", 400, "bad_request"),
        ("pod=*&unknown=1", 400, "bad_request"),
        ("pod=*&after=x", 400, "bad_cursor"),
        ("pod=*&labelSelector=app%3Dweb", 422, "labels_unavailable"),
        ("pod=*&uid=1", 422, "invalid_value"),
        ("pod=*&context=1&grep=a", 422, "invalid_value"),
        ("pod=*&before=x", 422, "invalid_value"),
    ] {
        ask(&admin, query, NDJSON).await.check_problem_is(status, code);
    }
    let followed_json = request(&admin, "pod=*&follow=true", "application/json").ask().await;
    followed_json.check_problem_is(406, "not_acceptable");
}

#[tokio::test]
async fn containers_with_a_log_are_counted_after_permissions() {
    let pair = Setup::new().gateway("GATEWAY_MAX_PODS_PER_STREAM", "2").start();
    pods(&pair);
    // It has not written anything.
    pair.logs.pod("shop", "web-1").container("slow");
    let alice = pair.user("alice", &["logs:read:shop/web-*"]).await;
    assert_eq!(records(&alice, "pod=*&namespace=*").await.len(), 7, "two logs and their records");
    let admin = pair.admin().await;
    let refused = ask(&admin, "pod=*&namespace=*", NDJSON).await;
    refused.check_problem_is(400, "too_many_pods");
    pair.logs.pod("shop", "web-0").container("sidecar").write("0.log", cri(&["third"]));
    ask(&alice, "pod=*&namespace=*", NDJSON).await.check_problem_is(400, "too_many_pods");
}

#[tokio::test]
async fn runs_and_previous_runs_are_chosen_in_each_log() {
    let pair = Pair::start();
    let web = pair.logs.pod("shop", "web").container("app");
    web.write("0.log", cri_at(1, "stdout", "first")).write("1.log", cri_at(3, "stdout", "second"));
    pair.logs.write("shop", "db", cri_at(2, "stdout", "only"));
    let admin = pair.admin().await;
    for (query, expected) in [
        ("", &["only", "second"][..]),
        ("&history=all", &["first", "only", "second"]),
        ("&previous=true", &["first"]),
        ("&run=1", &["second"]),
    ] {
        let records = records(&admin, &format!("pod=*&namespace=shop{query}")).await;
        assert_eq!(messages(&records), expected, "{query}");
    }
}
