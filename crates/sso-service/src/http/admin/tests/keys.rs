//! `/admin/keys`, and what a key is good for.

use std::time::Duration;

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};
use shared_types::TokenKind;

use super::AdminClient;

impl AdminClient {
    async fn key(&self, name: &str, expires_at: Option<&str>) -> (String, String) {
        let body = json!({"name": name, "permissions": ["logs:read:shop/*"],
                          "expires_at": expires_at});
        let answer = self.post("/admin/keys", body).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        let text = |field: &str| answer.body[field].as_str().unwrap().to_owned();
        (text("key"), text("id"))
    }
}

#[actix_web::test]
async fn a_key_is_shown_once_and_kept_as_a_hash() {
    let client = AdminClient::open().await;
    let body = json!({"name": "Deploy", "permissions": ["logs:read", "a:b", "a:b"]});
    let created = client.post("/admin/keys", body).await;
    assert_eq!((created.status.as_u16(), created.header("cache-control")), (201, "no-store"));
    let key = created.body["key"].as_str().unwrap();
    assert_eq!(TokenKind::of(key), Some(TokenKind::ApiKey));
    let mut expected = created.body.clone();
    expected.as_object_mut().unwrap().remove("key");
    let shown = json!({
        "id": created.body["id"],
        "name": "deploy",
        "permissions": ["a:b", "logs:read"],
        "expires_at": null,
        "created_by": "root",
        "created_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(expected, shown);
    let listed = client.get("/admin/keys").await;
    assert_eq!(listed.body, json!({"keys": [shown], "next": null}));
    assert!(!listed.text.contains(key));
    let taken = json!({"name": "DEPLOY", "permissions": []});
    assert_eq!(client.post("/admin/keys", taken).await.problem(), (409, "key_name_taken"));
}

#[actix_web::test]
async fn a_key_is_a_bearer_wherever_tokens_are_validated() {
    let client = AdminClient::open().await;
    let (key, id) = client.key("deploy", Some("2027-01-15T09:00:00Z")).await;
    let expected = json!({
        "success": true,
        "authorized": true,
        "username": "key:deploy",
        "user_id": id,
        "roles": [],
        "permissions": ["logs:read:shop/*"],
        "session_id": null,
        "issued_at": "2027-01-15T08:00:00Z",
        "expires_at": "2027-01-15T09:00:00Z",
    });
    assert_eq!(client.service.validate(&key).await.body, expected);
    let body = TestRequest::post().uri("/auth/validate").set_json(json!({"session_token": key}));
    assert_eq!(client.service.send(body).await.body, expected);
    let batch = TestRequest::post().uri("/auth/validate/batch").set_json(json!({"tokens": [key]}));
    assert_eq!(client.service.send(batch).await.body["answers"][0]["username"], "key:deploy");
    for (permission, status) in [("logs:read:shop/web", 200), ("logs:read:bank/web", 403)] {
        let path = format!("/auth/validate?permission={permission}");
        let answer = client.service.call(Method::POST, &path, &key, Value::Null).await;
        assert_eq!(answer.status, status, "{permission}");
    }
}

#[actix_web::test]
async fn a_key_ends_at_the_very_instant_or_never() {
    let client = AdminClient::open().await;
    let (ends, _) = client.key("ends", Some("2027-01-15T09:00:00Z")).await;
    let (stays, _) = client.key("stays", None).await;
    // It can be asked about again then, as about a session token.
    assert_eq!(client.service.validate(&stays).await.body["expires_at"], "2027-01-15T08:30:00Z");
    client.service.clock.advance(Duration::from_secs(3600) - Duration::from_nanos(1));
    assert_eq!(client.service.validate(&ends).await.status, 200);
    client.service.clock.advance(Duration::from_nanos(1));
    assert_eq!(client.service.validate(&ends).await.problem(), (401, "invalid_token"));
    assert_eq!(client.service.validate(&stays).await.body["expires_at"], "2027-01-15T09:30:00Z");
}

#[actix_web::test]
async fn a_deleted_key_is_refused_at_once() {
    let client = AdminClient::open().await;
    let (key, id) = client.key("deploy", None).await;
    let (other, _) = client.key("other", None).await;
    assert_eq!(client.delete(&format!("/admin/keys/{id}")).await.status, 204);
    assert_eq!(client.service.validate(&key).await.problem(), (401, "invalid_token"));
    assert_eq!(client.service.validate(&other).await.status, 200);
    for id in [&id, "x"] {
        let answer = client.delete(&format!("/admin/keys/{id}")).await;
        assert_eq!(answer.problem(), (404, "key_not_found"));
    }
    // The name is free again, and stands for another key.
    client.key("deploy", None).await;
    assert_eq!(client.service.validate(&key).await.problem(), (401, "invalid_token"));
}

#[actix_web::test]
async fn a_key_has_no_session_no_cookie_and_no_account() {
    let client = AdminClient::open().await;
    let (key, _) = client.key("deploy", None).await;
    for (method, path) in [
        (Method::GET, "/auth/session"),
        (Method::GET, "/auth/user"),
        (Method::GET, "/auth/sessions"),
        (Method::DELETE, "/auth/sessions"),
        (Method::DELETE, "/auth/sessions/x"),
        (Method::POST, "/auth/password"),
        (Method::POST, "/auth/logout"),
    ] {
        let answer = client.service.call(method.clone(), path, &key, Value::Null).await;
        assert_eq!(answer.problem(), (403, "session_required"), "{method} {path}");
    }
    let cookie = TestRequest::post()
        .uri("/auth/validate")
        .insert_header(("cookie", format!("session_id={key}")));
    assert_eq!(client.service.send(cookie).await.problem(), (401, "invalid_token"));
    let refresh = TestRequest::post().uri("/auth/refresh").set_json(json!({"refresh_token": key}));
    assert_eq!(client.service.send(refresh).await.problem(), (401, "invalid_token"));
    assert_eq!(client.service.validate(&key).await.status, 200);
}

#[actix_web::test]
async fn a_key_with_sso_admin_may_administer() {
    let client = AdminClient::open().await;
    let body = json!({"name": "robot", "permissions": ["sso:admin"]});
    let answer = client.post("/admin/keys", body).await;
    let key = answer.body["key"].as_str().unwrap();
    let role = json!({"permissions": ["a:b"]});
    let answer = client.service.call(Method::PUT, "/admin/roles/ops", key, role).await;
    assert_eq!(answer.status, 201);
    let lines = client.service.audited();
    let line = lines.iter().find(|line| line["audit"] == "role_changed").unwrap();
    assert_eq!((&line["username"], line.get("session_id")), (&json!("key:robot"), None));
}
