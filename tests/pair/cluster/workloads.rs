//! Workloads, which lead clients to the pods that they select.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::FakeCluster;
use crate::harness::{Ask, Caller, FakeApiServer, Pair, ask_kubernetes};

const APPS: &str = "/apis/apps/v1/namespaces/shop";
const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// A workload with more than readers may know, which selects pods of this `app`.
fn workload(kind: &str, version: &str, name: &str, app: &str) -> Value {
    json!({
        "kind": kind, "apiVersion": version,
        "metadata": {
            "name": name, "namespace": "shop", "uid": format!("uid-of-{name}"),
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "SECRET=x"},
        },
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": app}},
            "template": {"spec": {"containers": [{"env": [{"name": "SECRET", "value": "x"}]}]}},
        },
        "status": {"replicas": 1},
    })
}

/// The pods `web-0` and `db-0`, with a workload of every kind for the first.
fn fill(server: &FakeApiServer) {
    server.run_pod("shop", "web-0", &json!({"app": "web"}), "2026-11-01T10:00:00Z one\n");
    server.run_pod("shop", "db-0", &json!({"app": "db"}), "2026-11-01T10:00:00Z two\n");
    // The same labels in another namespace select nothing here.
    server.run_pod("bank", "web-0", &json!({"app": "vault"}), "");
    for (kind, resource) in [
        ("Deployment", "deployments"),
        ("ReplicaSet", "replicasets"),
        ("StatefulSet", "statefulsets"),
        ("DaemonSet", "daemonsets"),
    ] {
        server.put(&format!("{APPS}/{resource}/web"), workload(kind, "apps/v1", "web", "web"));
    }
    let jobs = "/apis/batch/v1/namespaces/shop/jobs";
    server.put(&format!("{jobs}/web"), workload("Job", "batch/v1", "web", "web"));
    for (name, app) in [("db", "db"), ("vault", "vault"), ("none", "none")] {
        let deployment = workload("Deployment", "apps/v1", name, app);
        server.put(&format!("{APPS}/deployments/{name}"), deployment);
    }
}

async fn start() -> (FakeCluster, Caller) {
    let server = FakeApiServer::start().await;
    fill(&server);
    let cluster = FakeCluster::with(server, |setup| setup).await;
    let alice = cluster.gateway.user("alice", &["logs:read:shop/web-*"]).await;
    (cluster, alice)
}

/// Status and body.
async fn get(caller: &Caller, path: &str) -> (u16, Value) {
    ask_kubernetes(caller.gateway(Method::GET, path)).await
}

#[tokio::test]
async fn a_workload_is_shown_to_readers_of_its_pods() {
    let (_cluster, alice) = start().await;
    for (kind, version, resource) in [
        ("Deployment", "apps/v1", "deployments"),
        ("ReplicaSet", "apps/v1", "replicasets"),
        ("StatefulSet", "apps/v1", "statefulsets"),
        ("DaemonSet", "apps/v1", "daemonsets"),
        ("Job", "batch/v1", "jobs"),
    ] {
        let answer = get(&alice, &format!("/apis/{version}/namespaces/shop/{resource}/web")).await;
        let expected = json!({
            "kind": kind, "apiVersion": version,
            "metadata": {"name": "web", "namespace": "shop", "uid": "uid-of-web"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}},
        });
        assert_eq!(answer, (200, expected));
    }
    let request = alice.gateway(Method::GET, &format!("{APPS}/deployments/web"));
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let answer = request.header("accept", table).ask().await;
    assert_eq!(answer.json()["rows"][0]["cells"], json!(["web", "<unknown>"]));
    let request = alice.gateway(Method::GET, &format!("{APPS}/deployments/web"));
    assert_eq!(ask_kubernetes(request.header("accept", "text/html")).await.0, 406);
    let post = alice.gateway(Method::POST, &format!("{APPS}/deployments/web"));
    assert_eq!(ask_kubernetes(post).await.0, 405);
}

#[tokio::test]
async fn a_workload_without_a_readable_pod_looks_like_none() {
    let (cluster, alice) = start().await;
    let refusal = |name: &str| {
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": format!(
                "deployments.apps \"{name}\" is forbidden: User \"alice\" cannot get resource \
                 \"deployments\" in API group \"apps\" in the namespace \"shop\": it selects no \
                 pod whose log the user may read"
            ),
            "reason": "Forbidden",
            "details": {"name": name, "group": "apps", "kind": "deployments"},
            "code": 403,
        })
    };
    for name in ["db", "vault", "none", "missing", "WEB", "a_b"] {
        let answer = get(&alice, &format!("{APPS}/deployments/{name}")).await;
        assert_eq!(answer, (403, refusal(name)));
    }
    // No question reaches the API server for a caller who may read nothing in the namespace.
    let bob = cluster.gateway.user("bob", &["logs:read:bank/*"]).await;
    let asked = cluster.server.asked_for(APPS).len();
    assert_eq!(get(&bob, &format!("{APPS}/deployments/web")).await.0, 403);
    assert_eq!(cluster.server.asked_for(APPS).len(), asked);
}

#[tokio::test]
async fn reviews_agree_with_requests() {
    let (cluster, alice) = start().await;
    let all = cluster.gateway.user("all", &["logs:read:shop/*"]).await;
    let review = async |caller: &Caller, group: &str, resource: &str, name: &str, verb: &str| {
        let attributes = json!({
            "namespace": "shop", "verb": verb, "group": group, "resource": resource, "name": name,
        });
        let body = json!({"spec": {"resourceAttributes": attributes}});
        let answer = caller.gateway(Method::POST, ACCESS).json(&body).ask().await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["status"]["allowed"].as_bool().unwrap()
    };
    assert!(review(&alice, "apps", "deployments", "web", "get").await);
    assert!(review(&alice, "batch", "jobs", "web", "get").await);
    assert!(!review(&alice, "apps", "deployments", "db", "get").await);
    assert!(!review(&alice, "apps", "deployments", "missing", "get").await);
    assert!(!review(&alice, "apps", "deployments", "", "get").await);
    assert!(!review(&alice, "apps", "deployments", "web", "delete").await);
    assert!(!review(&alice, "batch", "deployments", "web", "get").await);
    assert!(review(&all, "apps", "deployments", "", "get").await);
    assert!(!review(&all, "apps", "deployments", "", "list").await);
    let rules = ACCESS.replace("access", "rules");
    let body = json!({"spec": {"namespace": "shop"}});
    let answer = all.gateway(Method::POST, &rules).json(&body).ask().await.json();
    let rule = json!({
        "verbs": ["get"], "apiGroups": ["apps"],
        "resources": ["daemonsets", "deployments", "replicasets", "statefulsets"],
    });
    assert!(answer["status"]["resourceRules"].as_array().unwrap().contains(&rule), "{answer}");
}

#[tokio::test]
async fn workloads_are_discovered_where_an_api_server_is_the_source() {
    let (_cluster, alice) = start().await;
    let groups = get(&alice, "/apis").await.1;
    let names = |groups: &Value| -> Vec<String> {
        let groups = groups["groups"].as_array().unwrap().iter();
        groups.map(|group| group["name"].as_str().unwrap().to_owned()).collect()
    };
    let reviews = ["authentication.k8s.io", "authorization.k8s.io"];
    assert_eq!(names(&groups), [&reviews[..], &["apps", "batch"]].concat());
    let apps = get(&alice, "/apis/apps/v1").await.1;
    let deployments = json!({
        "name": "deployments", "singularName": "deployment", "namespaced": true,
        "kind": "Deployment", "verbs": ["get"], "shortNames": ["deploy"],
    });
    assert_eq!(apps["groupVersion"], "apps/v1");
    assert_eq!(apps["resources"][1], deployments);
    let batch = get(&alice, "/apis/batch/v1").await.1;
    assert_eq!(batch["resources"][0]["name"], "jobs");

    let files = Pair::start();
    let admin = files.admin().await;
    assert_eq!(names(&get(&admin, "/apis").await.1), reviews);
    for path in ["/apis/apps/v1", "/apis/batch/v1", &format!("{APPS}/deployments/web")] {
        assert_eq!(get(&admin, path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn an_api_server_that_refuses_the_gateway_is_a_fault_of_the_set_up() {
    let (cluster, alice) = start().await;
    cluster.server.deny(None, APPS);
    assert_eq!(get(&alice, &format!("{APPS}/deployments/web")).await.0, 503);
}
