//! `POST /auth/validate`.

use actix_web::test::TestRequest;
use serde_json::json;

use crate::test_service::{Answer, TOKEN_TTL, TestService, bearer, site};

fn post(uri: &str) -> TestRequest {
    TestRequest::post().uri(uri)
}

fn with_body(token: &str) -> TestRequest {
    post("/auth/validate").set_json(json!({"session_token": token}))
}

async fn logged_in() -> (TestService, String) {
    let service = TestService::start().await;
    service.add_user("alice", &["logs:read:shop/*"]).await;
    let token = service.log_in("alice").await;
    (service, token)
}

#[track_caller]
fn check(answer: &Answer, status: u16, code: &str, challenge: &str) {
    assert_eq!(answer.problem(), (status, code));
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert_eq!(answer.header("cache-control"), "no-store");
}

const NONE: &str = "Bearer realm=\"sso\"";
const MALFORMED: &str = "Bearer realm=\"sso\", error=\"invalid_request\"";
const INVALID: &str = "Bearer realm=\"sso\", error=\"invalid_token\"";

#[actix_web::test]
async fn a_live_token_is_valid_however_it_comes() {
    let (service, token) = logged_in().await;
    let cookie = format!("theme=dark; session_id={token}; last=1");
    for request in [
        bearer(post("/auth/validate"), &token),
        post("/auth/validate").insert_header(("authorization", format!("bEARER  {token}"))),
        post("/auth/validate").insert_header(("cookie", cookie)),
        with_body(&token),
    ] {
        let answer = service.send(request).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        let id = |name: &str| answer.body[name].as_str().unwrap().parse::<uuid::Uuid>();
        assert_eq!(id("session_id").unwrap().get_version_num(), 7);
        let expected = json!({
            "success": true,
            "authorized": true,
            "username": "alice",
            "user_id": id("user_id").unwrap(),
            "roles": ["user"],
            "permissions": ["logs:read:shop/*"],
            "session_id": id("session_id").unwrap(),
            "issued_at": "2027-01-15T08:00:00Z",
            "expires_at": "2027-01-15T08:30:00Z",
        });
        assert_eq!(answer.body, expected);
    }
}

#[actix_web::test]
async fn a_request_without_a_token_is_not_authenticated() {
    let (service, token) = logged_in().await;
    let cookie = || format!("session_id={token}");
    for request in [
        post("/auth/validate"),
        post("/auth/validate").set_json(json!({})),
        post("/auth/validate").insert_header(("authorization", "Basic YTpi")),
        // With a header the cookie does not count.
        post("/auth/validate")
            .insert_header(("authorization", "Basic YTpi"))
            .insert_header(("cookie", cookie())),
        post("/auth/validate").insert_header(("cookie", "session_id=")),
        post("/auth/validate").insert_header(("cookie", format!("x{}", cookie()))),
        post("/auth/validate").insert_header(("cookie", format!("__Host-{}", cookie()))),
    ] {
        check(&service.send(request).await, 401, "not_authenticated", NONE);
    }
}

#[actix_web::test]
async fn malformed_and_repeated_credentials_are_400() {
    let (service, token) = logged_in().await;
    let long = "a".repeat(4097);
    let header =
        |value: &str| post("/auth/validate").insert_header(("authorization", value.to_owned()));
    for request in [
        header("Bearer"),
        header("Bearer "),
        header("Bearer a b"),
        header("Bearer a,b"),
        header(&format!("Bearer {long}")),
        bearer(header("Bearer x"), &token).append_header(("authorization", "Bearer x")),
        bearer(with_body(&token), &token),
        with_body(""),
        with_body("ä"),
        with_body(&long),
    ] {
        check(&service.send(request).await, 400, "invalid_request", MALFORMED);
    }
}

#[actix_web::test]
async fn an_unknown_token_is_invalid() {
    let (service, token) = logged_in().await;
    let never_issued = shared_types::encode_token(shared_types::TokenKind::Session, &[7; 32]);
    let refresh = shared_types::encode_token(shared_types::TokenKind::Refresh, &[7; 32]);
    let key = shared_types::encode_token(shared_types::TokenKind::ApiKey, &[7; 32]);
    let (begin, last) = token.split_at(token.len() - 1);
    let misspelt = format!("{begin}{}", if last == "x" { "y" } else { "x" });
    for wrong in ["x", &never_issued, &refresh, &key, &misspelt] {
        check(&service.validate(wrong).await, 401, "invalid_token", INVALID);
        check(&service.send(with_body(wrong)).await, 401, "invalid_token", INVALID);
    }
    let cookie = post("/auth/validate").insert_header(("cookie", "session_id=a b"));
    check(&service.send(cookie).await, 401, "invalid_token", INVALID);
}

#[actix_web::test]
async fn an_expired_token_is_invalid() {
    let (service, token) = logged_in().await;
    service.clock.advance(TOKEN_TTL);
    check(&service.validate(&token).await, 401, "invalid_token", INVALID);
}

#[actix_web::test]
async fn a_header_takes_precedence_over_a_cookie() {
    let (service, token) = logged_in().await;
    let request = bearer(post("/auth/validate"), "x")
        .insert_header(("cookie", format!("session_id={token}")));
    check(&service.send(request).await, 401, "invalid_token", INVALID);
}

#[actix_web::test]
async fn over_https_only_the_cookie_of_this_host_counts() {
    let (mut service, token) = logged_in().await;
    service.site = site("https://sso.example.org");
    let with_cookie =
        |name: &str| post("/auth/validate").insert_header(("cookie", format!("{name}={token}")));
    let answer = service.send(with_cookie("session_id")).await;
    check(&answer, 401, "not_authenticated", NONE);
    let answer = service.send(with_cookie("__Host-session_id")).await;
    assert_eq!(answer.status, 200);
}

#[actix_web::test]
async fn a_missing_permission_is_recorded_once_a_minute() {
    let (service, token) = logged_in().await;
    for _ in 0..3 {
        let request = bearer(post("/auth/validate?permission=deploy:write:shop/web"), &token);
        assert_eq!(service.send(request).await.status, 403);
    }
    let lines = service.audited();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in &lines[1..] {
        assert_eq!(line["audit"], "permission_denied");
        assert_eq!(line["permission"], "deploy:write:shop/web");
        assert_eq!(line["username"], "alice");
    }
    assert_eq!(lines[2]["count"], 2);
}

#[actix_web::test]
async fn a_permission_can_be_checked() {
    let (service, token) = logged_in().await;
    let ask = async |query: &str| {
        let request = bearer(post(&format!("/auth/validate?{query}")), &token);
        service.send(request).await
    };
    assert_eq!(ask("permission=logs:read:shop/web").await.status, 200);
    assert_eq!(ask("permission=logs%3Aread%3Ashop%2Fweb").await.status, 200);
    for missing in ["logs:read:bank/web", "logs:read", "sso:admin"] {
        let answer = ask(&format!("permission={missing}")).await;
        let challenge =
            format!("Bearer realm=\"sso\", error=\"insufficient_scope\", scope=\"{missing}\"");
        check(&answer, 403, "permission_denied", &challenge);
    }
    for refused in ["*", "logs:read:shop/*", "logs", "", "logs:read:shop"] {
        let answer = ask(&format!("permission={refused}")).await;
        assert_eq!(answer.problem(), (422, "invalid_value"), "{refused}");
        assert_eq!(answer.body["errors"][0]["parameter"], "permission");
    }
    for unreadable in ["permissions=a:b", "permission=a:b&permission=a:b", "x"] {
        let answer = ask(unreadable).await;
        assert_eq!(answer.problem(), (400, "bad_request"), "{unreadable}");
    }
}

#[actix_web::test]
async fn a_body_is_json_or_empty() {
    let (service, token) = logged_in().await;
    let typed = |content_type: &str, body: &str| {
        bearer(post("/auth/validate"), &token)
            .insert_header(("content-type", content_type.to_owned()))
            .set_payload(body.to_owned())
    };
    for content_type in ["application/json", "text/plain", "x"] {
        assert_eq!(service.send(typed(content_type, "")).await.status, 200);
    }
    assert_eq!(service.send(typed("application/json", "{}")).await.status, 200);
    let large = " ".repeat(64 * 1024 + 1);
    for (content_type, body, problem) in [
        ("text/plain", "x", (415, "unsupported_media_type")),
        ("application/x-www-form-urlencoded", "a=b", (415, "unsupported_media_type")),
        ("application/json", "{", (400, "bad_request")),
        ("application/json", r#"{"session_token":1}"#, (422, "invalid_value")),
        ("application/json", r#"{"session_token":null}"#, (422, "invalid_value")),
        ("application/json", &large, (413, "payload_too_large")),
    ] {
        let answer = service.send(typed(content_type, body)).await;
        assert_eq!(answer.problem(), problem, "{content_type} {body:.40}");
    }
    let untyped = bearer(post("/auth/validate"), &token).set_payload("{}");
    assert_eq!(service.send(untyped).await.problem(), (415, "unsupported_media_type"));
    let wrong_type = service.send(typed("application/json", r#"{"session_token":1}"#)).await;
    assert_eq!(wrong_type.body["errors"][0]["pointer"], "/session_token");
}
