//! Introspection, as services use it.

use std::time::Duration;

use actix_web::test::TestRequest;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use shared_types::{TokenKind, encode_token};

use crate::test_service::{Answer, PASSWORD, TOKEN_TTL, TestService, bearer, noon};

/// A service whose user alice reads logs, and the key of a service that asks about tokens.
async fn service() -> (TestService, String) {
    let service = TestService::start().await;
    service.add_user("alice", &["logs:read:shop/*", "deploy:write"]).await;
    let key = service.add_key("gate", "sso:introspect").await;
    (service, key)
}

fn ask(form: &str) -> TestRequest {
    TestRequest::post()
        .uri("/oauth/introspect")
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(form.to_owned())
}

async fn introspect(service: &TestService, key: &str, token: &str) -> Answer {
    service.send(bearer(ask(&format!("token={token}")), key)).await
}

async fn tokens(service: &TestService) -> [String; 2] {
    let log_in = json!({"username": "alice", "password": PASSWORD});
    let request = TestRequest::post().uri("/auth/login").set_json(log_in);
    let body = service.send(request).await.body;
    ["token", "refresh_token"].map(|name| body[name].as_str().unwrap().to_owned())
}

#[track_caller]
fn check_inactive(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, r#"{"active":false}"#));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn session_token_is_active() {
    let (service, key) = service().await;
    let token = service.log_in("alice").await;
    let validated = service.validate(&token).await.body;
    let answer = introspect(&service, &key, &token).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let expected = json!({
        "active": true,
        "scope": "deploy:write logs:read:shop/*",
        "username": "alice",
        "token_type": "Bearer",
        "exp": noon().timestamp() + 1800,
        "iat": noon().timestamp(),
        "sub": validated["user_id"],
        "iss": "http://127.0.0.1:8001",
        "sid": validated["session_id"],
        "roles": ["user"],
        "permissions": ["deploy:write", "logs:read:shop/*"],
    });
    assert_eq!(answer.body, expected);
}

#[actix_web::test]
async fn api_key_is_active_and_its_own_client() {
    let (service, key) = service().await;
    let answer = introspect(&service, &key, &key).await.body;
    assert_eq!((&answer["active"], &answer["username"]), (&json!(true), &json!("key:gate")));
    assert_eq!(answer["client_id"], "key:gate");
    assert_eq!((&answer["scope"], &answer["sid"]), (&json!("sso:introspect"), &Value::Null));
}

#[actix_web::test]
async fn anything_but_a_live_session_token_or_key_is_inactive() {
    let (service, key) = service().await;
    let [revoked, _] = tokens(&service).await;
    service.send(bearer(TestRequest::post().uri("/auth/logout"), &revoked)).await;
    let [_, refresh] = tokens(&service).await;
    let unknown = |kind| encode_token(kind, &[7; 32]).to_string();
    let long = "x".repeat(5000);
    for token in [
        revoked.as_str(),
        &refresh,
        &unknown(TokenKind::Session),
        &unknown(TokenKind::Refresh),
        &unknown(TokenKind::ApiKey),
        "eyJhbGciOiJFUzI1NiJ9.e30.AA",
        "%C3%BC+%00",
        "x",
        &long,
    ] {
        check_inactive(&introspect(&service, &key, token).await);
    }
}

#[actix_web::test]
async fn token_is_inactive_from_its_exp_on() {
    let (service, key) = service().await;
    service.clock.advance(Duration::from_millis(1500));
    let token = service.log_in("alice").await;
    let exp = introspect(&service, &key, &token).await.body["exp"].as_i64().unwrap();
    assert_eq!(exp, noon().timestamp() + 1801);
    service.clock.advance(TOKEN_TTL - Duration::from_millis(501));
    assert_eq!(introspect(&service, &key, &token).await.body["active"], true);
    service.clock.advance(Duration::from_millis(1));
    check_inactive(&introspect(&service, &key, &token).await);
}

#[actix_web::test]
async fn hints_and_unknown_parameters_change_nothing() {
    let (service, key) = service().await;
    let token = service.log_in("alice").await;
    let plain = introspect(&service, &key, &token).await.text;
    for more in [
        "token_type_hint=access_token",
        "token_type_hint=refresh_token",
        "token_type_hint=nonsense",
        "token_type_hint=",
        "x=1&y=2",
        "resource=https%3A%2F%2Fapi.example",
    ] {
        let answer = service.send(bearer(ask(&format!("{more}&token={token}")), &key)).await;
        assert_eq!(answer.text, plain, "{more}");
    }
}

#[actix_web::test]
async fn request_without_one_token_is_refused() {
    let (service, key) = service().await;
    for form in ["", "token=", "x=1", "token=a&token=a", "token=a&token=", "token=a&x=1&x=2"] {
        let answer = service.send(bearer(ask(form), &key)).await;
        assert_eq!(answer.problem(), (400, "invalid_request"), "{form}");
        assert!(answer.body["error_description"].is_string(), "{form}");
        assert_eq!(answer.header("www-authenticate"), "", "{form}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let in_query = ask("token=a").uri("/oauth/introspect?token=a");
    let answer = service.send(bearer(in_query, &key)).await;
    assert_eq!(answer.problem(), (400, "invalid_request"));
}

#[actix_web::test]
async fn only_forms_of_64_kib_at_most_are_read() {
    let (service, key) = service().await;
    let json = TestRequest::post().uri("/oauth/introspect").set_json(json!({"token": "x"}));
    assert_eq!(service.send(bearer(json, &key)).await.problem(), (415, "invalid_request"));
    let untyped = TestRequest::post().uri("/oauth/introspect").set_payload("token=x");
    assert_eq!(service.send(bearer(untyped, &key)).await.problem(), (415, "invalid_request"));
    let large = ask(&format!("token={}", "x".repeat(64 * 1024)));
    assert_eq!(service.send(bearer(large, &key)).await.problem(), (413, "invalid_request"));
    let get = bearer(TestRequest::get().uri("/oauth/introspect"), &key);
    let answer = service.send(get).await;
    assert_eq!(answer.problem(), (405, "invalid_request"));
    assert_eq!(answer.header("allow"), "POST");
}

#[actix_web::test]
async fn caller_presents_a_credential_that_permits_to_introspect() {
    let (service, key) = service().await;
    let weak = service.add_key("weak", "logs:read").await;
    let admin = service.add_admin("root").await;
    let basic = |text: String| format!("Basic {}", BASE64_STANDARD.encode(text));
    let none = ["Bearer realm=\"sso\"", "Basic realm=\"sso\""];
    let invalid = ["Bearer realm=\"sso\", error=\"invalid_token\""];
    let denied = ["Bearer realm=\"sso\", error=\"insufficient_scope\", scope=\"sso:introspect\""];
    let refused = ["Basic realm=\"sso\""];
    let cases: &[(&[String], u16, &str, &[&str])] = &[
        (&[format!("Bearer {key}")], 200, "", &[]),
        (&[format!("Bearer {admin}")], 200, "", &[]),
        (&[basic(format!("anyone:{key}"))], 200, "", &[]),
        (&[basic(format!(":{key}"))], 200, "", &[]),
        (&[], 401, "invalid_client", &none),
        (&["Digest a=b".to_owned()], 401, "invalid_client", &none),
        (&["Bearer".to_owned()], 401, "invalid_token", &invalid),
        (&["Bearer a b".to_owned()], 401, "invalid_token", &invalid),
        (&["Bearer unknown".to_owned()], 401, "invalid_token", &invalid),
        (&[format!("Bearer {weak}")], 401, "insufficient_scope", &denied),
        (&[format!("Bearer {key}"), format!("Bearer {key}")], 401, "invalid_token", &invalid),
        (&["Basic".to_owned()], 401, "invalid_client", &refused),
        (&["Basic ???".to_owned()], 401, "invalid_client", &refused),
        (&[basic(key.clone())], 401, "invalid_client", &refused),
        (&[basic(format!("{key}:"))], 401, "invalid_client", &refused),
        (&[basic(format!("alice:{PASSWORD}"))], 401, "invalid_client", &refused),
        (&[basic(format!("root:{admin}"))], 401, "invalid_client", &refused),
        (&[basic(format!("weak:{weak}"))], 401, "invalid_client", &refused),
    ];
    for (credentials, status, error, challenges) in cases {
        let mut request = ask("token=x");
        for credential in *credentials {
            request = request.append_header(("authorization", credential.as_str()));
        }
        let answer = service.send(request).await;
        assert_eq!(answer.problem(), (*status, *error), "{credentials:?}");
        assert_eq!(answer.all("www-authenticate"), *challenges, "{credentials:?}");
    }
}

#[actix_web::test]
async fn unknown_path_has_an_error_of_oauth() {
    let (service, _) = service().await;
    let answer = service.send(TestRequest::post().uri("/oauth/nothing")).await;
    assert_eq!(answer.problem(), (404, "invalid_request"));
}
