//! `/admin/grants`.

use std::time::Duration;

use serde_json::{Value, json};

use super::AdminClient;

fn grant(permission: &str, expires_at: &str) -> Value {
    json!({"username": "Alice", "permission": permission, "expires_at": expires_at,
           "reason": "ticket 7"})
}

#[actix_web::test]
async fn a_grant_is_in_force_at_once_and_ends_at_the_very_instant() {
    let client = AdminClient::open().await;
    let token = client.user("alice", &["user"]).await;
    let created =
        client.post("/admin/grants", grant("logs:read:shop/*", "2027-01-15T09:10:00+01:00")).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    let expected = json!({
        "id": created.body["id"],
        "username": "alice",
        "permission": "logs:read:shop/*",
        "expires_at": "2027-01-15T08:10:00Z",
        "reason": "ticket 7",
        "granted_by": "root",
        "created_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(created.body, expected);
    assert_eq!(client.get("/admin/grants").await.body, json!({"grants": [expected], "next": null}));

    let held = json!(["logs:read:shop/*"]);
    assert_eq!(client.permissions(&token).await, held);
    client.service.clock.advance(Duration::from_secs(600) - Duration::from_nanos(1));
    assert_eq!(client.permissions(&token).await, held);
    assert_eq!(client.get("/admin/users/alice").await.body["permissions"], held);
    let asked = "/auth/validate?permission=logs:read:shop/web";
    let ask = async || {
        client.service.call(actix_web::http::Method::POST, asked, &token, Value::Null).await
    };
    assert_eq!(ask().await.status, 200);
    client.service.clock.advance(Duration::from_nanos(1));
    assert_eq!(ask().await.problem(), (403, "permission_denied"));
    assert_eq!(client.permissions(&token).await, json!([]));
    assert_eq!(client.get("/admin/users/alice").await.body["permissions"], json!([]));
}

#[actix_web::test]
async fn log_in_and_refresh_answers_name_only_grants_in_force() {
    let client = AdminClient::open().await;
    client.user("alice", &["user"]).await;
    client.post("/admin/grants", grant("a:b", "2027-01-15T08:10:00Z")).await;
    client.post("/admin/grants", grant("c:d", "2027-01-15T08:20:00Z")).await;
    let log_in = async || {
        let credentials = json!({"username": "alice", "password": crate::test_service::PASSWORD});
        let request = actix_web::test::TestRequest::post().uri("/auth/login").set_json(credentials);
        client.service.send(request).await.body
    };
    let first = log_in().await;
    assert_eq!(first["permissions"], json!(["a:b", "c:d"]));
    client.service.clock.advance(Duration::from_secs(600));
    assert_eq!(log_in().await["permissions"], json!(["c:d"]));
    let request = actix_web::test::TestRequest::post()
        .uri("/auth/refresh")
        .set_json(json!({"refresh_token": first["refresh_token"]}));
    assert_eq!(client.service.send(request).await.body["permissions"], json!(["c:d"]));
}

#[actix_web::test]
async fn a_withdrawn_grant_is_not_in_force() {
    let client = AdminClient::open().await;
    let token = client.user("alice", &["reader"]).await;
    // What is held anyway stays when the grant of the same ends.
    let mut ids = Vec::new();
    for permission in ["logs:read", "deploy:write"] {
        let created = client.post("/admin/grants", grant(permission, "2028-01-01T00:00:00Z")).await;
        ids.push(created.body["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(client.permissions(&token).await, json!(["deploy:write", "logs:read"]));
    for id in &ids {
        assert_eq!(client.delete(&format!("/admin/grants/{id}")).await.status, 204);
    }
    assert_eq!(client.permissions(&token).await, json!(["logs:read"]));
    for id in [&ids[0], "x"] {
        let answer = client.delete(&format!("/admin/grants/{id}")).await;
        assert_eq!(answer.problem(), (404, "grant_not_found"));
    }
}

#[actix_web::test]
async fn expired_grants_are_deleted_after_a_while() {
    let client = AdminClient::open().await;
    client.user("alice", &[]).await;
    client.post("/admin/grants", grant("a:b", "2027-01-15T08:10:00Z")).await;
    let day = Duration::from_secs(24 * 60 * 60);
    let count = async || {
        client.service.upkeep.sweep().await.unwrap();
        client.service.clock.advance(day);
        let root = client.service.log_in("root").await;
        let listed = client
            .service
            .call(actix_web::http::Method::GET, "/admin/grants", &root, Value::Null)
            .await;
        listed.body["grants"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 1);
    client.service.clock.advance(day * 29);
    assert_eq!(count().await, 1);
    assert_eq!(count().await, 0);
}
