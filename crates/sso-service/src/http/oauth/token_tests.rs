//! Token exchange.

use std::time::Duration;

use actix_web::test::TestRequest;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::{Value, json};
use shared_types::{TokenKind, encode_token};

use crate::test_service::{Answer, PASSWORD, TOKEN_TTL, TestService, bearer, noon};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

async fn service() -> TestService {
    let service = TestService::start().await;
    service.add_user("alice", &["logs:read:shop/*", "deploy:write"]).await;
    service
}

fn form(text: String) -> TestRequest {
    TestRequest::post()
        .uri("/oauth/token")
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(text)
}

/// Exchanges a token, with further parameters.
async fn exchange(service: &TestService, token: &str, more: &str) -> Answer {
    let text = format!(
        "grant_type={GRANT}&subject_token={token}&subject_token_type={ACCESS_TOKEN}&{more}"
    );
    service.send(form(text)).await
}

/// Header and claims of a JWT, verified with the published keys as a service does that.
async fn verified(service: &TestService, answer: &Answer) -> (Header, Value) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let token = answer.body["access_token"].as_str().unwrap();
    let header = decode_header(token).unwrap();
    let keys = service.send(TestRequest::get().uri("/.well-known/jwks.json")).await.body;
    let keys = keys["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"].as_str() == header.kid.as_deref()).unwrap();
    let point = ["x", "y"].map(|name| key[name].as_str().unwrap());
    let key = DecodingKey::from_ec_components(point[0], point[1]).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&["http://127.0.0.1:8001"]);
    // The clock of the test stands still.
    validation.validate_exp = false;
    validation.validate_aud = false;
    (header, decode(token, &key, &validation).unwrap().claims)
}

async fn claims(service: &TestService, token: &str, more: &str) -> Value {
    verified(service, &exchange(service, token, more).await).await.1
}

#[actix_web::test]
async fn session_token_is_exchanged_for_an_access_token_of_rfc_9068() {
    let service = service().await;
    let token = service.log_in("alice").await;
    service.clock.advance(Duration::from_secs(60));
    let validated = service.validate(&token).await.body;
    let answer = exchange(&service, &token, "audience=billing").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let (header, mut claims) = verified(&service, &answer).await;
    assert_eq!((header.typ.as_deref(), header.alg), (Some("at+jwt"), Algorithm::ES256));
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 36);
    let now = noon().timestamp() + 60;
    let expected = json!({
        "iss": "http://127.0.0.1:8001",
        "sub": validated["user_id"],
        "aud": "billing",
        "exp": now + 300,
        "iat": now,
        "client_id": "sso-service",
        "auth_time": noon().timestamp(),
        "sid": validated["session_id"],
        "preferred_username": "alice",
        "scope": "deploy:write logs:read:shop/*",
        "entitlements": ["deploy:write", "logs:read:shop/*"],
        "roles": ["user"],
        "groups": ["user"],
    });
    assert_eq!(claims, expected);
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("access_token");
    let expected = json!({
        "issued_token_type": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "deploy:write logs:read:shop/*",
    });
    assert_eq!(body, expected);
}

#[actix_web::test]
async fn api_key_is_its_own_client() {
    let service = service().await;
    let key = service.add_key("robot", "logs:read").await;
    let claims = claims(&service, &key, "audience=https%3A%2F%2Fapi.example.org").await;
    assert_eq!(claims["aud"], "https://api.example.org");
    assert_eq!(
        (&claims["client_id"], &claims["scope"]),
        (&json!("key:robot"), &json!("logs:read"))
    );
    assert_eq!((&claims["sid"], &claims["auth_time"]), (&Value::Null, &Value::Null));
    assert_eq!(claims["roles"], json!([]));
}

#[actix_web::test]
async fn jwt_never_outlives_its_subject_token() {
    let service = service().await;
    let token = service.log_in("alice").await;
    service.clock.advance(TOKEN_TTL - Duration::from_millis(90_500));
    let answer = exchange(&service, &token, "audience=billing").await;
    assert_eq!(answer.body["expires_in"], 91);
    let (_, claims) = verified(&service, &answer).await;
    assert_eq!(claims["exp"], noon().timestamp() + 1800);
    service.clock.advance(Duration::from_millis(90_500));
    let over = exchange(&service, &token, "audience=billing").await;
    assert_eq!(over.problem(), (400, "invalid_request"));
}

#[actix_web::test]
async fn scope_narrows_the_token() {
    let service = service().await;
    let token = service.log_in("alice").await;
    let more = "audience=billing&scope=logs%3Aread%3Ashop%2Fweb+deploy:write";
    let answer = exchange(&service, &token, more).await;
    assert_eq!(answer.body["scope"], "logs:read:shop/web deploy:write");
    let (_, claims) = verified(&service, &answer).await;
    assert_eq!(claims["entitlements"], json!(["logs:read:shop/web", "deploy:write"]));
    assert_eq!((&claims["roles"], &claims["groups"]), (&Value::Null, &Value::Null));
}

#[actix_web::test]
async fn answer_names_the_issued_token_type() {
    let service = service().await;
    let token = service.log_in("alice").await;
    for (requested, issued) in [("", ACCESS_TOKEN), (ACCESS_TOKEN, ACCESS_TOKEN), (JWT, JWT)] {
        let more = format!("audience=billing&requested_token_type={requested}&unknown=1");
        let answer = exchange(&service, &token, &more).await;
        assert_eq!(answer.body["issued_token_type"], issued);
        verified(&service, &answer).await;
    }
}

#[actix_web::test]
async fn request_of_another_kind_is_refused() {
    let service = service().await;
    let token = service.log_in("alice").await;
    let grant = format!("grant_type={GRANT}");
    let subject = format!("subject_token={token}&subject_token_type={ACCESS_TOKEN}");
    let whole = format!("{grant}&{subject}&audience=billing");
    for (text, error) in [
        (String::new(), "invalid_request"),
        ("grant_type=".to_owned(), "invalid_request"),
        (format!("{subject}&audience=billing"), "invalid_request"),
        ("grant_type=password&username=alice".to_owned(), "unsupported_grant_type"),
        ("grant_type=client_credentials".to_owned(), "unsupported_grant_type"),
        (format!("{grant}&audience=billing"), "invalid_request"),
        (format!("{grant}&subject_token={token}&audience=billing"), "invalid_request"),
        (
            format!("{grant}&subject_token={token}&subject_token_type={JWT}&audience=billing"),
            "invalid_request",
        ),
        (format!("{grant}&{subject}"), "invalid_target"),
        (format!("{grant}&{subject}&audience="), "invalid_target"),
        (format!("{grant}&{subject}&audience=unknown"), "invalid_target"),
        (format!("{grant}&{subject}&audience=Billing"), "invalid_target"),
        (format!("{grant}&{subject}&audience=billing,https://api.example.org"), "invalid_target"),
        (format!("{whole}&audience=billing"), "invalid_request"),
        (format!("{whole}&scope=a&scope=a"), "invalid_request"),
        (format!("{whole}&x=1&x=2"), "invalid_request"),
        (format!("{whole}&resource=https%3A%2F%2Fapi.example.org"), "invalid_target"),
        (format!("{whole}&actor_token=x&actor_token_type={JWT}"), "invalid_request"),
        (format!("{whole}&actor_token_type={JWT}"), "invalid_request"),
        (format!("{whole}&requested_token_type=x"), "invalid_request"),
        (
            format!("{whole}&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token"),
            "invalid_request",
        ),
        (format!("{whole}&scope=logs:read"), "invalid_scope"),
        (format!("{whole}&scope=openid"), "invalid_scope"),
        (format!("{whole}&scope=+"), "invalid_scope"),
    ] {
        let answer = service.send(form(text.clone())).await;
        assert_eq!(answer.problem(), (400, error), "{text}");
        assert!(answer.body["error_description"].is_string(), "{text}");
        assert_eq!(answer.header("cache-control"), "no-store", "{text}");
    }
}

#[actix_web::test]
async fn grants_of_clients_need_a_client() {
    let service = service().await;
    for text in ["grant_type=authorization_code&code=x", "grant_type=refresh_token&refresh_token=x"]
    {
        let answer = service.send(form(text.to_owned())).await;
        assert_eq!(answer.problem(), (401, "invalid_client"), "{text}");
    }
}

#[actix_web::test]
async fn only_live_session_tokens_and_keys_are_exchanged() {
    let service = service().await;
    let log_in = json!({"username": "alice", "password": PASSWORD});
    let request = TestRequest::post().uri("/auth/login").set_json(log_in);
    let begun = service.send(request).await.body;
    let [live, refresh] = ["token", "refresh_token"].map(|name| begun[name].as_str().unwrap());
    let revoked = service.log_in("alice").await;
    service.send(bearer(TestRequest::post().uri("/auth/logout"), &revoked)).await;
    let jwt = exchange(&service, live, "audience=billing").await.body;
    let jwt = jwt["access_token"].as_str().unwrap();
    let unknown = encode_token(TokenKind::Session, &[7; 32]);
    for token in [refresh, revoked.as_str(), jwt, unknown.as_str(), "x", "a%20b"] {
        let answer = exchange(&service, token, "audience=billing").await;
        assert_eq!(answer.problem(), (400, "invalid_request"), "{token}");
        assert_eq!(answer.body["error_description"], "The subject token is not active.");
    }
}

#[actix_web::test]
async fn jwt_is_not_a_credential_here() {
    let service = service().await;
    let admin = service.add_admin("root").await;
    let answer = exchange(&service, &admin, "audience=billing").await;
    let jwt = answer.body["access_token"].as_str().unwrap();
    assert_eq!(service.validate(jwt).await.problem(), (401, "invalid_token"));
    let users = service.send(bearer(TestRequest::get().uri("/admin/users"), jwt)).await;
    assert_eq!(users.problem(), (401, "invalid_token"));
    let key = service.add_key("gate", "sso:introspect").await;
    let ask = form(format!("token={jwt}")).uri("/oauth/introspect");
    assert_eq!(service.send(bearer(ask, &key)).await.text, r#"{"active":false}"#);
}

#[actix_web::test]
async fn cookies_are_not_read() {
    let service = service().await;
    let token = service.log_in("alice").await;
    let text = format!("grant_type={GRANT}&subject_token_type={ACCESS_TOKEN}&audience=billing");
    let request = form(text).insert_header(("cookie", format!("session_id={token}")));
    let answer = service.send(request.insert_header(("sec-fetch-site", "same-origin"))).await;
    assert_eq!(answer.problem(), (400, "invalid_request"));
}

#[actix_web::test]
async fn exchange_is_recorded() {
    let service = service().await;
    let token = service.log_in("alice").await;
    let answer = exchange(&service, &token, "audience=billing").await;
    let jwt = answer.body["access_token"].as_str().unwrap().to_owned();
    let lines = service.audited();
    let line = lines.last().unwrap();
    assert_eq!((&line["audit"], &line["target"]), (&json!("token_exchanged"), &json!("billing")));
    assert_eq!(line["username"], "alice");
    assert!(lines.iter().all(|line| !line.to_string().contains(&jwt)));
}
