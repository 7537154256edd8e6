//! Accounts and permissions that change while users are logged in.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Caller, Pair, Setup, cri, until};

const PASSWORD: &str = "the password of a user";

/// An administrator, and pods in two namespaces.
async fn pair() -> (Pair, Caller) {
    pair_of(Setup::new()).await
}

async fn pair_of(setup: Setup) -> (Pair, Caller) {
    let pair = setup.start();
    for namespace in ["shop", "bank"] {
        pair.logs.write(namespace, "web", cri(&[&format!("of {namespace}")]));
    }
    let admin = pair.admin().await;
    (pair, admin)
}

async fn call(caller: &Caller, method: Method, path: &str, body: Value) -> Answer {
    let request = caller.sso(method, path);
    if body.is_null() { request.ask().await } else { request.json(&body).ask().await }
}

async fn reads(caller: &Caller) -> [u16; 2] {
    [caller.logs("shop/web").await.status, caller.logs("bank/web").await.status]
}

/// The time within which changes from the shell are in force.
async fn until_reads(caller: &Caller, expected: [u16; 2]) {
    let look = async || (reads(caller).await == expected).then_some(());
    until("what the shell did", Duration::from_secs(1), look).await;
}

/// A new user with these roles, logged in.
async fn user(pair: &Pair, admin: &Caller, name: &str, roles: &[&str]) -> Caller {
    let new = json!({"username": name, "password": PASSWORD, "roles": roles});
    let created = call(admin, Method::POST, "/admin/users", new).await;
    assert_eq!(created.status, 201, "{created:?}");
    let answer = pair.anonymous().log_in(name, PASSWORD).await;
    pair.anonymous().with_token(answer.json()["token"].as_str().unwrap())
}

#[tokio::test]
async fn an_administrator_creates_and_changes_a_reader_of_one_namespace() {
    let (pair, admin) = pair().await;
    let ops = |permissions: Value| json!({ "permissions": permissions });
    let set = async |permissions| {
        call(&admin, Method::PUT, "/admin/roles/ops", ops(permissions)).await.status
    };
    assert_eq!(set(json!(["logs:read:shop/*"])).await, 201);
    let alice = user(&pair, &admin, "alice", &["ops"]).await;
    assert_eq!(reads(&alice).await, [200, 403]);
    assert_eq!(set(json!(["logs:read:bank/*"])).await, 200);
    assert_eq!(reads(&alice).await, [403, 200]);
    let roles = json!({"roles": ["reader"]});
    assert_eq!(call(&admin, Method::PATCH, "/admin/users/alice", roles).await.status, 200);
    assert_eq!(reads(&alice).await, [200, 200]);
    let disabled = json!({"disabled": true});
    assert_eq!(call(&admin, Method::PATCH, "/admin/users/alice", disabled).await.status, 200);
    assert_eq!(reads(&alice).await, [401, 401]);
    for caller in [pair.anonymous(), alice] {
        let refused = call(&caller, Method::GET, "/admin/users", Value::Null).await;
        assert_eq!(refused.status, 401);
    }
}

#[tokio::test]
async fn a_grant_opens_a_namespace_until_it_is_withdrawn() {
    let (pair, admin) = pair().await;
    let alice = user(&pair, &admin, "alice", &["user"]).await;
    assert_eq!(reads(&alice).await, [403, 403]);
    let grant = json!({"username": "alice", "permission": "logs:read:shop/*",
                       "expires_at": "2199-01-01T00:00:00Z", "reason": "an incident"});
    let created = call(&admin, Method::POST, "/admin/grants", grant).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(reads(&alice).await, [200, 403]);
    let path = format!("/admin/grants/{}", created.json()["id"].as_str().unwrap());
    assert_eq!(call(&admin, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(reads(&alice).await, [403, 403]);
}

#[tokio::test]
async fn a_key_reads_logs_until_it_is_deleted() {
    let (pair, admin) = pair().await;
    let new = json!({"name": "robot", "permissions": ["logs:read:shop/*"]});
    let created = call(&admin, Method::POST, "/admin/keys", new).await;
    assert_eq!(created.status, 201, "{created:?}");
    let created = created.json();
    let robot = pair.anonymous().with_token(created["key"].as_str().unwrap());
    assert_eq!(reads(&robot).await, [200, 403]);
    let cookie = pair.anonymous().gateway(Method::GET, "/logs/shop/web");
    let cookie = cookie.header("cookie", format!("session_id={}", robot.token()));
    assert_eq!(cookie.ask().await.status, 401);
    let path = format!("/admin/keys/{}", created["id"].as_str().unwrap());
    assert_eq!(call(&admin, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(reads(&robot).await, [401, 401]);
}

#[tokio::test]
async fn a_key_from_the_shell_survives_a_restart_and_is_deleted_within_a_second() {
    let (mut pair, _) = pair().await;
    let ended = pair.administer(&["key", "create", "robot", "--permission", "logs:read"]);
    let robot = pair.anonymous().with_token(ended.stdout.trim());
    until_reads(&robot, [200, 200]).await;
    pair.sso.stop();
    pair.start_sso_again();
    assert_eq!(reads(&robot).await, [200, 200]);
    let listed = pair.administer(&["key", "list"]).stdout;
    assert!(listed.contains("robot") && !listed.contains(robot.token()), "{listed}");
    pair.administer(&["key", "delete", "robot"]);
    until_reads(&robot, [401, 401]).await;
}

#[tokio::test]
async fn a_registered_user_changes_the_password() {
    let (pair, _) = pair_of(Setup::new().sso("SSO_REGISTRATION", "open")).await;
    let new = json!({"username": "Alice", "password": PASSWORD, "email": "a@example.org"});
    let stranger = pair.anonymous();
    let registered = call(&stranger, Method::POST, "/auth/register", new.clone()).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let again = call(&stranger, Method::POST, "/auth/register", new).await;
    again.check_problem_is(409, "username_taken");
    let log_in = async |password: &str| {
        let answer = stranger.log_in("alice", password).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        stranger.with_token(answer.json()["token"].as_str().unwrap())
    };
    let (alice, elsewhere) = (log_in(PASSWORD).await, log_in(PASSWORD).await);
    let new = "another password altogether";
    let change = json!({"current_password": PASSWORD, "new_password": new});
    let changed = call(&alice, Method::POST, "/auth/password", change).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    assert_eq!(alice.validate().await.status, 200);
    assert_eq!(elsewhere.validate().await.status, 401);
    log_in(new).await;
}

#[tokio::test]
async fn registration_is_closed_by_default() {
    let (pair, _) = pair().await;
    let new = json!({"username": "alice", "password": PASSWORD});
    let refused = call(&pair.anonymous(), Method::POST, "/auth/register", new).await;
    refused.check_problem_is(403, "registration_closed");
}
