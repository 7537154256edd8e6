//! A gateway that asks the API server for its callers, so that the cluster's policy counts as well.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::FakeCluster;
use crate::harness::{
    ActiveAnswer, Ask, Caller, FakeApiServer, FakeAuthority, Setup, WELL_FORMED_TOKEN, Watch,
};

const PODS: &str = "/api/v1/namespaces/shop/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/shop/deployments";
const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// The authority decides which user the caller is.
struct Scene {
    cluster: FakeCluster,
    authority: FakeAuthority,
    caller: Caller,
}

/// Alice with two roles, who may read all of the namespace `shop` by our policy.
fn alice() -> ActiveAnswer {
    ActiveAnswer::of("logs:read:shop/*").with("roles", json!(["ops", "reader"]))
}

impl Scene {
    async fn start(configure: impl FnOnce(Setup) -> Setup) -> Self {
        let server = FakeApiServer::start().await;
        for name in ["web-0", "web-1"] {
            server.run_pod("shop", name, &json!({"app": "web"}), "2026-11-01T10:00:00Z one\n");
        }
        server.run_pod("bank", "vault-0", &json!({"app": "vault"}), "2026-11-01T10:00:00Z two\n");
        let selector = json!({"selector": {"matchLabels": {"app": "web"}}});
        let metadata = json!({"name": "web", "namespace": "shop"});
        let deployment = json!({"metadata": metadata, "spec": selector});
        server.put(&format!("{DEPLOYMENTS}/web"), deployment);
        let authority = FakeAuthority::start(alice().reply()).await;
        let configured = |setup: Setup| {
            let setup = setup.gateway("GATEWAY_SSO_URL", &authority.url());
            let setup = setup.gateway("GATEWAY_KUBE_IMPERSONATE", "true");
            configure(setup.gateway("GATEWAY_REVALIDATE", "1s"))
        };
        let cluster = FakeCluster::with(server, configured).await;
        let caller = cluster.gateway.anonymous().with_token(WELL_FORMED_TOKEN);
        Self { cluster, authority, caller }
    }

    /// The caller is this user from now on.
    fn become_user(&self, username: &str, roles: &[&str]) {
        let answer = alice().with("username", username).with("roles", json!(roles));
        self.authority.answer(answer.reply());
    }

    /// Status and body.
    async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.caller.gateway(Method::GET, path);
        let answer = request.header("accept", "application/json").send().await.unwrap();
        (
            answer.status().into(),
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default(),
        )
    }

    async fn status(&self, path: &str) -> u16 {
        self.get(path).await.0
    }

    async fn allows(&self, subresource: &str, name: &str) -> bool {
        let attributes = json!({
            "namespace": "shop", "verb": "get", "resource": "pods", "name": name,
            "subresource": subresource,
        });
        let body = json!({"spec": {"resourceAttributes": attributes}});
        let answer = self.caller.gateway(Method::POST, ACCESS).json(&body).ask().await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["status"]["allowed"].as_bool().unwrap()
    }

    /// User and groups of all requests so far, each once.
    fn users(&self) -> Vec<(String, String)> {
        let asked = self.cluster.server.asked_for("/api");
        let mut users: Vec<_> = (asked.iter())
            .map(|asked| {
                let groups: Vec<_> = asked.all("impersonate-group").collect();
                (asked.find("impersonate-user").unwrap_or("").to_owned(), groups.join(" "))
            })
            .collect();
        users.sort();
        users.dedup();
        users
    }
}

#[tokio::test]
async fn every_question_is_asked_for_the_caller() {
    let scene = Scene::start(|setup| setup).await;
    for path in [
        PODS,
        &format!("{PODS}/web-0"),
        &format!("{PODS}/web-0/log"),
        &format!("{PODS}/web-0/log?grep=one"),
        &format!("{DEPLOYMENTS}/web"),
        "/api/v1/pods",
        "/api/v1/namespaces",
        "/logs/shop/web-0",
        "/pods",
    ] {
        assert_eq!(scene.status(path).await, 200, "{path}");
    }
    assert!(scene.allows("log", "web-0").await);
    let alice = ("sso:alice".to_owned(), "sso:ops sso:reader".to_owned());
    assert_eq!(scene.users(), [alice]);
}

#[tokio::test]
async fn a_key_has_no_groups_and_the_prefix_can_be_set() {
    let scene = Scene::start(|setup| setup.gateway("GATEWAY_KUBE_PREFIX", "corp/")).await;
    scene.become_user("key:ci", &["admin"]);
    assert_eq!(scene.status(&format!("{PODS}/web-0/log")).await, 200);
    assert_eq!(scene.users(), [("corp/key:ci".to_owned(), String::new())]);
}

#[tokio::test]
async fn roles_are_groups_and_nothing_else_is() {
    let server = FakeApiServer::start().await;
    for (namespace, name) in [("shop", "web-0"), ("bank", "vault-0")] {
        server.run_pod(namespace, name, &json!({}), "2026-11-01T10:00:00Z one\n");
    }
    let impersonating = |setup: Setup| setup.gateway("GATEWAY_KUBE_IMPERSONATE", "true");
    let FakeCluster { gateway, server } = FakeCluster::with(server, impersonating).await;
    let admin = gateway.admin().await;
    let alice = gateway.user("alice", &["logs:read:shop/*"]).await;
    let create = async |path: &str, body: Value| {
        let created = admin.sso(Method::POST, path).json(&body).ask().await;
        assert_eq!(created.status, 201, "{created:?}");
        created.json()
    };
    let set_roles = async |roles: Value| {
        let path = "/admin/users/alice";
        let changed = admin.sso(Method::PATCH, path).json(&json!({"roles": roles})).ask().await;
        assert_eq!(changed.status, 200, "{changed:?}");
    };
    // For whom the last log of this pod was asked for.
    let asked_for = |namespace: &str, name: &str| {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log");
        let asked = server.asked_for(&path);
        let last = asked.last().unwrap();
        let mut groups: Vec<_> = last.all("impersonate-group").map(str::to_owned).collect();
        groups.sort();
        (last.find("impersonate-user").unwrap().to_owned(), groups.join(" "))
    };
    set_roles(json!(["user", "reader"])).await;
    assert_eq!(alice.logs("shop/web-0").await.status, 200);
    let of_alice = ("sso:alice".to_owned(), "sso:reader sso:user".to_owned());
    assert_eq!(asked_for("shop", "web-0"), of_alice);
    set_roles(json!(["user"])).await;
    assert_eq!(alice.logs("bank/vault-0").await.status, 403);
    let grant = json!({"username": "alice", "permission": "logs:read:bank/*",
                       "expires_at": "2199-01-01T00:00:00Z", "reason": "an incident"});
    create("/admin/grants", grant).await;
    assert_eq!(alice.logs("bank/vault-0").await.status, 200);
    let of_alice = ("sso:alice".to_owned(), "sso:user".to_owned());
    assert_eq!(asked_for("bank", "vault-0"), of_alice);
    let key = json!({"name": "robot", "permissions": ["logs:read:shop/*"]});
    let key = create("/admin/keys", key).await;
    let robot = gateway.anonymous().with_token(key["key"].as_str().unwrap());
    assert_eq!(robot.logs("shop/web-0").await.status, 200);
    assert_eq!(asked_for("shop", "web-0"), ("sso:key:robot".to_owned(), String::new()));
}

#[tokio::test]
async fn both_policies_have_to_allow() {
    let scene = Scene::start(|setup| setup).await;
    let server = &scene.cluster.server;
    // Ours: no question is asked.
    for path in ["/api/v1/namespaces/bank/pods", "/logs/bank/vault-0"] {
        assert_eq!(scene.status(path).await, 403, "{path}");
    }
    assert!(scene.users().is_empty());
    // The cluster's, of one log.
    server.deny(Some("sso:alice"), &format!("{PODS}/web-0/log"));
    for path in [&format!("{PODS}/web-0/log"), "/logs/shop/web-0"] {
        assert_eq!(scene.status(path).await, 403, "{path}");
    }
    assert_eq!(scene.status(&format!("{PODS}/web-0")).await, 200);
    assert_eq!(scene.status(&format!("{PODS}/web-1/log")).await, 200);
    assert!(!scene.allows("log", "web-0").await);
    assert!(scene.allows("", "web-0").await);
    // The cluster's, of all pods.
    server.deny(Some("sso:alice"), PODS);
    for path in [PODS, "/api/v1/pods", "/api/v1/namespaces", &format!("{PODS}/web-1")] {
        let (status, body) = scene.get(path).await;
        assert_eq!((status, &body["reason"]), (403, &json!("Forbidden")), "{path}");
    }
    let (status, body) = scene.get(&format!("{DEPLOYMENTS}/web")).await;
    assert_eq!((status, &body["reason"]), (403, &json!("Forbidden")));
    let (status, body) = scene.get("/pods").await;
    assert_eq!((status, &body["code"]), (403, &json!("permission_denied")));
}

#[tokio::test]
async fn no_answer_to_one_caller_is_given_to_another() {
    let scene = Scene::start(|setup| setup).await;
    scene.cluster.server.deny(Some("sso:bob"), PODS);
    assert_eq!(scene.status(PODS).await, 200);
    scene.become_user("bob", &["ops", "reader"]);
    assert_eq!(scene.status(PODS).await, 403);
    assert_eq!(scene.status("/pods").await, 403);
    // Nor is an earlier one to the same caller.
    scene.become_user("alice", &["ops", "reader"]);
    scene.cluster.server.deny(Some("sso:alice"), PODS);
    assert_eq!(scene.status(PODS).await, 403);
    scene.cluster.server.allow_all();
    let names = |list: &Value| list["items"].as_array().unwrap().len();
    assert_eq!(names(&scene.get(PODS).await.1), 2);
}

#[tokio::test]
async fn a_watch_goes_on_where_a_list_ended_and_ends_with_the_right() {
    let scene = Scene::start(|setup| setup).await;
    let list = scene.get(PODS).await.1;
    let version = list["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!("{PODS}?watch=true&resourceVersion={version}");
    let mut watch = Watch::of(&scene.caller, &path).await;
    scene.cluster.server.run_pod("shop", "web-2", &json!({"app": "web"}), "");
    assert_eq!(watch.words(1).await, ["ADDED web-2"]);
    // The next question shows that the user may not list pods any more.
    scene.cluster.server.deny(Some("sso:alice"), PODS);
    assert_eq!(scene.status(PODS).await, 403);
    let mut gone = watch.words(3).await;
    gone.sort();
    assert_eq!(gone, ["DELETED web-0", "DELETED web-1", "DELETED web-2"]);
}

#[tokio::test]
async fn what_is_open_ends_when_the_roles_change() {
    let scene = Scene::start(|setup| setup).await;
    let mut watch = Watch::of(&scene.caller, &format!("{PODS}?watch=true")).await;
    let mut there = watch.words(2).await;
    there.sort();
    assert_eq!(there, ["ADDED web-0", "ADDED web-1"]);
    scene.become_user("alice", &["reader"]);
    assert_eq!(watch.next().await.unwrap()["object"]["code"], 410);
    assert_eq!(watch.next().await, None);
}
