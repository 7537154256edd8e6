//! `POST /auth/login`.

use actix_web::test::TestRequest;
use serde_json::json;
use shared_types::TokenKind;

use crate::{
    sessions::SessionLimits,
    store::Location,
    test_service::{Answer, LIFETIMES, LIMITS, PASSWORD, TestService, bearer},
    users::PasswordHash,
};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn post(service: &TestService, content_type: &str, body: &str) -> Answer {
    let request = TestRequest::post()
        .uri("/auth/login")
        .insert_header(("content-type", content_type))
        .set_payload(body.to_owned());
    service.send(request).await
}

async fn service_with_alice() -> TestService {
    let service = TestService::start().await;
    service.add_user("alice", &["logs:read:shop/*"]).await;
    service
}

#[actix_web::test]
async fn a_log_in_answer_has_every_member() {
    let service = service_with_alice().await;
    let credentials = json!({"username": "Alice", "password": PASSWORD});
    let answer = post(&service, JSON, &credentials.to_string()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");

    let token = answer.body["token"].as_str().unwrap();
    let refresh_token = answer.body["refresh_token"].as_str().unwrap();
    assert_eq!(TokenKind::of(token), Some(TokenKind::Session));
    assert_eq!(TokenKind::of(refresh_token), Some(TokenKind::Refresh));
    let validation = service.validate(token).await.body;
    let expected = json!({
        "token": token,
        "access_token": token,
        "token_type": "bearer",
        "expires_in": 1800,
        "expires_at": "2027-01-15T08:30:00Z",
        "refresh_token": refresh_token,
        "refresh_expires_at": "2027-01-15T16:00:00Z",
        "session_id": validation["session_id"],
        "username": "alice",
        "user_id": validation["user_id"],
        "roles": ["user"],
        "permissions": ["logs:read:shop/*"],
    });
    assert_eq!(answer.body, expected);
}

#[actix_web::test]
async fn blanks_around_a_user_name_are_ignored() {
    let service = service_with_alice().await;
    for name in [" alice", "alice ", "\tAlice\u{a0}"] {
        let credentials = json!({"username": name, "password": PASSWORD});
        let answer = post(&service, JSON, &credentials.to_string()).await;
        assert_eq!(answer.body["username"], "alice", "{name:?}");
    }
    let form = "username=alice+&password=correct+horse+battery";
    assert_eq!(post(&service, FORM, form).await.status, 200);
}

#[actix_web::test]
async fn an_oauth_password_form_logs_in() {
    let service = service_with_alice().await;
    let form =
        "grant_type=password&scope=&client_id=x&username=alice&password=correct+horse%20battery";
    for content_type in [FORM, "application/x-www-form-urlencoded; charset=UTF-8"] {
        let answer = post(&service, content_type, form).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
}

#[actix_web::test]
async fn every_log_in_is_a_session_of_its_own() {
    let service = service_with_alice().await;
    let (one, other) = (service.log_in("alice").await, service.log_in("alice").await);
    assert_ne!(one, other);
    let (one, other) = (service.validate(&one).await, service.validate(&other).await);
    assert_ne!(one.body["session_id"], other.body["session_id"]);
    assert_eq!(one.body["user_id"], other.body["user_id"]);
}

#[actix_web::test]
async fn the_answer_does_not_reveal_whether_a_user_exists() {
    let service = service_with_alice().await;
    service.add_user("mallory", &[]).await;
    let disable = "UPDATE users SET disabled = 1 WHERE username = 'mallory'";
    service.execute(disable).await;
    let mut bodies = Vec::new();
    for (name, password) in [
        ("alice", "another password"),
        ("alice", ""),
        ("nobody", PASSWORD),
        ("mallory", PASSWORD),
        ("no name", PASSWORD),
    ] {
        let credentials = json!({"username": name, "password": password});
        let request = TestRequest::post()
            .uri("/auth/login")
            .insert_header(("x-request-id", "same"))
            .set_json(credentials);
        let answer = service.send(request).await;
        assert_eq!(answer.problem(), (401, "invalid_credentials"), "{name}");
        bodies.push(answer.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

#[actix_web::test]
async fn a_missing_or_mistyped_member_is_named() {
    let service = service_with_alice().await;
    for (content_type, body, pointers) in [
        (JSON, "{}", &["/username", "/password"][..]),
        (JSON, r#"{"username":"alice"}"#, &["/password"]),
        (JSON, r#"{"username":1,"password":null}"#, &["/username", "/password"]),
        (JSON, r#"{"username":"a","password":"b","cookie":"yes"}"#, &["/cookie"]),
        (FORM, "", &["/username", "/password"]),
        (FORM, "username=alice", &["/password"]),
    ] {
        let answer = post(&service, content_type, body).await;
        assert_eq!(answer.problem(), (422, "invalid_value"), "{body}");
        let errors = answer.body["errors"].as_array().unwrap();
        let named: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(named, pointers, "{body}");
    }
}

fn with_cookie(wanted: bool, password: &str) -> TestRequest {
    TestRequest::post()
        .uri("/auth/login")
        .set_json(json!({"username": "alice", "password": password, "cookie": wanted}))
}

#[actix_web::test]
async fn cookies_are_set_on_request() {
    let service = service_with_alice().await;
    let ours = |request: TestRequest| request.insert_header(("sec-fetch-site", "same-origin"));
    let answer = service.send(ours(with_cookie(true, PASSWORD))).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let value = |field: &str| answer.body[field].as_str().unwrap().to_owned();
    assert_eq!(answer.cookie("session_id"), Some(value("token")));
    assert_eq!(answer.cookie("refresh_token"), Some(value("refresh_token")));

    for (request, status) in [
        (ours(with_cookie(false, PASSWORD)), 200),
        (ours(with_cookie(true, "wrong")), 401),
        (with_cookie(false, PASSWORD), 200),
    ] {
        let answer = service.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (status, ""));
    }
}

#[actix_web::test]
async fn a_foreign_page_gets_no_cookies() {
    let service = service_with_alice().await;
    let foreign = |name: &'static str, value: &'static str| {
        with_cookie(true, PASSWORD).insert_header((name, value))
    };
    for request in [
        with_cookie(true, PASSWORD),
        foreign("sec-fetch-site", "cross-site"),
        foreign("origin", "https://evil.example"),
        foreign("origin", "null"),
        bearer(with_cookie(true, PASSWORD), "x"),
    ] {
        let answer = service.send(request).await;
        assert_eq!(answer.problem(), (403, "csrf"));
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[actix_web::test]
async fn an_unreadable_body_is_refused() {
    let service = service_with_alice().await;
    let large = format!(r#"{{"username":"{}"}}"#, "a".repeat(64 * 1024));
    for (content_type, body, problem) in [
        (JSON, "", (400, "bad_request")),
        (JSON, "{\"username\":", (400, "bad_request")),
        (JSON, "[]", (400, "bad_request")),
        (JSON, r#"{"username":"a","username":"b"}"#, (400, "bad_request")),
        (FORM, "username=a&username=b&password=c", (400, "bad_request")),
        (FORM, "username=%ff&password=c", (400, "bad_request")),
        ("text/plain", "username=a&password=b", (415, "unsupported_media_type")),
        ("multipart/form-data", "", (415, "unsupported_media_type")),
        (JSON, &large, (413, "payload_too_large")),
    ] {
        let answer = post(&service, content_type, body).await;
        assert_eq!(answer.problem(), problem, "{content_type} {body:.40}");
    }
    let untyped = TestRequest::post().uri("/auth/login").set_payload("{}");
    assert_eq!(service.send(untyped).await.problem(), (415, "unsupported_media_type"));
    let queried = TestRequest::post().uri("/auth/login?username=alice");
    assert_eq!(service.send(queried).await.problem(), (400, "bad_request"));
}

#[actix_web::test]
async fn an_unavailable_store_is_503_and_not_a_wrong_password() {
    let service = service_with_alice().await;
    let token = service.log_in("alice").await;
    service.store.close().await;
    let credentials = json!({"username": "alice", "password": PASSWORD});
    let answer = post(&service, JSON, &credentials.to_string()).await;
    assert_eq!(answer.problem(), (503, "store_unavailable"));
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("www-authenticate"), "");
    // Who is logged in stays so.
    assert_eq!(service.validate(&token).await.status, 200);
    let lines = service.audited();
    let line = lines.last().unwrap();
    assert_eq!(line["audit"], "store_unavailable");
    assert_eq!(line["request_id"], answer.body["request_id"]);
}

#[actix_web::test]
async fn a_broken_hash_is_a_server_error() {
    let service = TestService::start().await;
    let broken = PasswordHash::stored("no hash".to_owned());
    service.add_user_with_hash("alice", broken, &[]).await;
    let credentials = json!({"username": "alice", "password": PASSWORD});
    let answer = post(&service, JSON, &credentials.to_string()).await;
    assert_eq!(answer.problem(), (500, "internal_error"));
    assert!(!answer.body.to_string().contains("hash"), "{:?}", answer.body);
}

#[actix_web::test]
async fn beyond_the_limit_of_sessions_a_log_in_is_refused() {
    let one = SessionLimits { total: 1, ..LIMITS };
    let service = TestService::with(LIFETIMES, one, &Location::Memory).await;
    service.add_user("alice", &[]).await;
    service.add_user("bob", &[]).await;
    let token = service.log_in("alice").await;
    let credentials = json!({"username": "bob", "password": PASSWORD}).to_string();
    let answer = post(&service, JSON, &credentials).await;
    assert_eq!(answer.problem(), (503, "too_many_sessions"));
    assert_eq!(answer.header("retry-after"), "1");
    let logout = bearer(TestRequest::post().uri("/auth/logout"), &token);
    assert_eq!(service.send(logout).await.status, 204);
    assert_eq!(post(&service, JSON, &credentials).await.status, 200);
}

#[actix_web::test]
async fn after_ten_failures_the_answer_has_retry_after() {
    let service = service_with_alice().await;
    let mut bodies = Vec::new();
    for name in ["alice", "nobody"] {
        let credentials = json!({"username": name, "password": "a wrong password"});
        for _ in 0..10 {
            let answer = post(&service, JSON, &credentials.to_string()).await;
            assert_eq!(answer.problem(), (401, "invalid_credentials"));
        }
        let mut answer = post(&service, JSON, &credentials.to_string()).await;
        assert_eq!(answer.problem(), (429, "too_many_attempts"));
        assert_eq!(answer.header("retry-after"), "70");
        assert_eq!(answer.header("www-authenticate"), "");
        answer.body["request_id"].take();
        bodies.push(answer.body);
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[actix_web::test]
async fn a_log_in_requires_post() {
    let service = service_with_alice().await;
    let answer = service.send(TestRequest::get().uri("/auth/login")).await;
    assert_eq!(answer.problem(), (405, "method_not_allowed"));
    assert_eq!(answer.header("allow"), "POST");
}
