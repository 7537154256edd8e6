//! The list of pods.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ask, Caller, Pair, cri};

async fn names(caller: &Caller, query: &str) -> Vec<String> {
    let answer = caller.gateway(Method::GET, &format!("/pods?{query}")).ask().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let pods = answer.json()["pods"].clone();
    let name =
        |pod: &Value| [&pod["namespace"], &pod["pod"]].map(|name| name.as_str().unwrap()).join("/");
    pods.as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn a_pod_is_listed_with_its_runs_and_the_unknown_is_null() {
    let pair = Pair::start();
    let uid = "5f0c2d1e-0000-4000-8000-000000000001";
    let app = pair.logs.incarnation("shop", "web", uid).container("app");
    pair.logs.incarnation("shop", "web", uid).container("slow");
    let (first, rotated, last) = (cri(&["a", "b"]), cri(&["c"]), cri(&["d", "e", "f"]));
    app.write("0.log", &first).write("1.log.20261101-100000", &rotated).write("1.log", &last);
    let file = File::options().write(true).open(app.path().join("1.log")).unwrap();
    let written = SystemTime::UNIX_EPOCH + Duration::from_millis(7_258_118_400_250);
    file.set_modified(written).unwrap();
    let answer = pair.admin().await.pods().await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let expected = json!({"pods": [{
        "namespace": "shop",
        "pod": "web",
        "uid": uid,
        "node": "node-1",
        "labels": null,
        "phase": null,
        "created_at": "2026-11-01T10:00:00Z",
        "incarnations": [uid],
        "containers": [
            {
                "name": "app",
                "restart": 1,
                "state": null,
                "started_at": "2026-11-01T10:00:00Z",
                "last_write": "2200-01-01T00:00:00.250Z",
                "size": first.len() + rotated.len() + last.len(),
                "runs": [
                    {
                        "restart": 0,
                        "first_time": "2026-11-01T10:00:00Z",
                        "last_time": "2026-11-01T10:00:01Z",
                        "size": first.len(),
                    },
                    {
                        "restart": 1,
                        "first_time": "2026-11-01T10:00:00Z",
                        "last_time": "2026-11-01T10:00:02Z",
                        "size": rotated.len() + last.len(),
                    },
                ],
            },
            {
                "name": "slow",
                "restart": null,
                "state": null,
                "started_at": null,
                "last_write": null,
                "size": 0,
                "runs": [],
            },
        ],
    }]});
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn incarnations_are_of_one_pod() {
    let pair = Pair::start();
    for (uid, age) in [("aaaa", 1), ("bbbb", 3), ("cccc", 2)] {
        let app = pair.logs.incarnation("shop", "web", uid).container("app");
        app.write("0.log", cri(&[uid]));
        let file = File::options().write(true).open(app.path().join("0.log")).unwrap();
        let written = Duration::from_secs(1_700_000_000 - age);
        file.set_modified(SystemTime::UNIX_EPOCH + written).unwrap();
    }
    let pods = pair.admin().await.pods().await.json()["pods"].clone();
    assert_eq!(pods.as_array().unwrap().len(), 1);
    assert_eq!(pods[0]["uid"], "aaaa");
    assert_eq!(pods[0]["incarnations"], json!(["bbbb", "cccc", "aaaa"]));
}

#[tokio::test]
async fn pods_are_chosen_by_patterns_among_those_that_may_be_read() {
    let pair = Pair::start();
    for (namespace, pod) in [("shop", "web-1"), ("shop", "api"), ("bank", "web-2"), ("bank", "db")]
    {
        pair.logs.write(namespace, pod, cri(&["one"]));
    }
    let admin = pair.admin().await;
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    for (query, all, visible) in [
        (
            "",
            &["bank/db", "bank/web-2", "shop/api", "shop/web-1"][..],
            &["shop/api", "shop/web-1"][..],
        ),
        ("namespace=shop", &["shop/api", "shop/web-1"], &["shop/api", "shop/web-1"]),
        ("pod=web-*", &["bank/web-2", "shop/web-1"], &["shop/web-1"]),
        ("pod=web-?,db&namespace=b*", &["bank/db", "bank/web-2"], &[]),
        ("namespace=none", &[], &[]),
    ] {
        assert_eq!(names(&admin, query).await, all, "{query}");
        assert_eq!(names(&alice, query).await, visible, "{query}");
    }
    for (query, status) in [
        ("pod=", 400),
        ("pod=A", 400),
        ("namespace=a/b", 400),
        ("pod=a&pod=b", 400),
        ("heartbeat=soon", 400),
        ("heartbeat=5s", 422),
        ("x=1", 400),
    ] {
        let answer = admin.gateway(Method::GET, &format!("/pods?{query}")).ask().await;
        assert_eq!(answer.status, status, "{query}");
    }
    let nobody = pair.user("bob", &["deploy:read"]).await;
    nobody.pods().await.check_problem_is(403, "permission_denied");
    let request = admin.gateway(Method::GET, "/pods").header("accept", "text/plain");
    request.ask().await.check_problem_is(406, "not_acceptable");
}
