//! Sessions: how they are shown, how they end.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Ask, Caller, Pair, Setup, cri, patience, until};

#[tokio::test]
async fn a_session_expires_on_both_services_and_stays_expired() {
    let pair = Setup::new().sso("SSO_TOKEN_TTL", "2s").start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let admin = pair.admin().await;
    assert_eq!(admin.logs("web").await.status, 200);
    let mut unknown = 0;
    until("the end of the session", Duration::from_secs(2) + patience(), async || {
        let answer = admin.logs("web").await;
        // A session can expire while the authority's answer is under way. The token is then unknown
        // to the gateway, once, at the instant of the expiry.
        unknown += usize::from(answer.status == 503);
        assert!(matches!(answer.status, 200 | 401 | 503) && unknown <= 1, "{answer:?}");
        (answer.status == 401).then(|| answer.check_problem_is(401, "invalid_token"))
    })
    .await;
    admin.validate().await.check_problem_is(401, "invalid_token");
    admin.pods().await.check_problem_is(401, "invalid_token");
    assert_eq!(pair.admin().await.logs("web").await.status, 200);
}

#[tokio::test]
async fn a_log_out_is_in_force_at_once_and_may_be_repeated() {
    let pair = Pair::start();
    pair.logs.write("default", "web", cri(&["hello"]));
    // More than once: the gateway must not remember an earlier answer.
    for _ in 0..5 {
        let admin = pair.admin().await;
        assert_eq!(admin.logs("web").await.status, 200);
        assert_eq!(admin.log_out().await.status, 204);
        admin.logs("web").await.check_problem_is(401, "invalid_token");
        assert_eq!(admin.log_out().await.status, 204);
    }
}

#[tokio::test]
async fn a_token_is_validated_from_header_cookie_and_body() {
    let pair = Pair::start();
    let admin = pair.admin().await;
    let bare = || pair.anonymous().sso(Method::POST, "/auth/validate");
    let body = json!({ "session_token": admin.token() });
    let cookie = format!("other=1; session_id={}", admin.token());
    let by_header = admin.validate().await;
    let by_body = bare().json(&body).ask().await;
    let by_cookie = bare().header("cookie", &cookie).ask().await;
    for answer in [&by_header, &by_body, &by_cookie] {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json(), by_header.json());
    }
    let mut fields: Vec<_> = by_header.json().as_object().unwrap().keys().cloned().collect();
    fields.sort();
    let expected = [
        "authorized",
        "expires_at",
        "issued_at",
        "permissions",
        "roles",
        "session_id",
        "success",
        "user_id",
        "username",
    ];
    assert_eq!(fields, expected);

    let other_header = bare().header("cookie", &cookie).header("authorization", "Basic cm9vdA==");
    other_header.ask().await.check_problem_is(401, "not_authenticated");
}

#[tokio::test]
async fn a_validation_checks_a_permission() {
    let pair = Pair::start();
    let alice = pair.user("alice", &["logs:read:shop/web-*"]).await;
    let may = async |caller: &Caller, permission: &str| -> Answer {
        let path = format!("/auth/validate?permission={permission}");
        caller.sso(Method::POST, &path).ask().await
    };
    assert_eq!(may(&alice, "logs:read:shop/web-1").await.status, 200);
    for missing in
        ["logs:read:shop/db", "logs:read:Shop/web-1", "logs:read", "deploy:write:shop/web-1"]
    {
        may(&alice, missing).await.check_problem_is(403, "permission_denied");
    }
    for unaskable in ["logs:read:shop/*", "logs:read:shop/web-?", "*", "logs", "", "Logs:Read"] {
        may(&alice, unaskable).await.check_problem_is(422, "invalid_value");
    }
    may(&alice, "logs:read&permission=logs:read").await.check_problem_is(400, "bad_request");
    may(&alice, "logs:read&unknown=1").await.check_problem_is(400, "bad_request");
    assert_eq!(may(&pair.admin().await, "logs:read").await.status, 200);
}

#[tokio::test]
async fn a_user_sees_the_session_and_the_account() {
    let pair = Pair::start();
    let alice = pair.user("alice", &["logs:read:shop/*"]).await;
    let session =
        alice.sso(Method::GET, "/auth/session").header("user-agent", "curl/8").ask().await;
    assert_eq!(session.header("cache-control"), "no-store");
    let (session, validation) = (session.json(), alice.validate().await.json());
    for (name, value) in validation.as_object().unwrap() {
        assert_eq!(&session[name], value, "{name}");
    }
    assert_eq!(session["ip"], "127.0.0.1");
    for time in ["created_at", "last_seen_at"] {
        assert!(session[time].as_str().unwrap().ends_with('Z'), "{session}");
    }

    let user = alice.sso(Method::GET, "/auth/user").ask().await.json();
    assert_eq!(user["username"], "alice");
    assert_eq!(user["id"], validation["user_id"]);
    assert_eq!(user["email"], json!(null));
    assert_eq!(user["roles"], json!(["user"]));
    assert_eq!(user["permissions"], json!(["logs:read:shop/*"]));
}

#[tokio::test]
async fn beyond_the_limit_of_a_user_the_oldest_session_ends() {
    let pair = Setup::new().sso("SSO_MAX_SESSIONS_PER_USER", "2").start();
    let (alice, first) = (pair.user("alice", &[]).await, pair.admin().await);
    let (second, third) = (pair.admin().await, pair.admin().await);
    first.validate().await.check_problem_is(401, "invalid_token");
    for alive in [second, third, alice] {
        assert_eq!(alive.validate().await.status, 200);
    }
}
