//! `GET /whoami`: the caller, and what the gateway offers.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Ask, Setup};

#[tokio::test]
async fn a_caller_learns_its_name_its_permissions_and_what_is_offered() {
    let pair = Setup::new()
        .gateway("GATEWAY_PUBLIC_SSO_URL", "https://sso.example/")
        .gateway("GATEWAY_MAX_STREAMS_PER_USER", "7")
        .gateway("GATEWAY_MAX_PODS_PER_STREAM", "8")
        .start();
    let caller = pair.user("alice", &["logs:read:shop/*"]).await;
    let validated = caller.validate().await.json();
    let cookie = format!("session_id={}", caller.token());
    let by_cookie = caller.without_token().gateway(Method::GET, "/whoami").header("cookie", cookie);
    for request in [caller.gateway(Method::GET, "/whoami"), by_cookie] {
        let answer = request.ask().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let expected = json!({
            "username": "alice",
            "permissions": ["logs:read:shop/*"],
            "expires_at": validated["expires_at"],
            "sso_url": "https://sso.example",
            "source": "files",
            "offers": { "history": true, "stream": true, "labels": false, "before": true },
            "limits": { "streams_per_user": 7, "pods_per_stream": 8 },
        });
        assert_eq!(answer.json(), expected);
    }
    let foreign = caller.without_token().gateway(Method::GET, "/whoami");
    let foreign = foreign.header("sec-fetch-site", "cross-site");
    let foreign = foreign.header("cookie", format!("session_id={}", caller.token()));
    assert_eq!(foreign.ask().await.status, 401);
    let queried = caller.gateway(Method::GET, "/whoami?x=1").ask().await;
    queried.check_problem_is(400, "bad_request");
}
