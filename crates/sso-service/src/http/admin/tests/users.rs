//! `/admin/users`.

use serde_json::{Value, json};

use super::AdminClient;
use crate::test_service::PASSWORD;

#[actix_web::test]
async fn a_user_is_created_shown_changed_and_deleted() {
    let client = AdminClient::open().await;
    let new = json!({"username": "Alice", "password": PASSWORD, "email": "Alice@Example.org",
                     "roles": ["reader"]});
    let created = client.post("/admin/users", new).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    assert_eq!(created.header("cache-control"), "no-store");
    let expected = json!({
        "id": created.body["id"],
        "username": "alice",
        "email": "alice@example.org",
        "verified": true,
        "roles": ["reader"],
        "permissions": ["logs:read"],
        "disabled": false,
        "created_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(created.body, expected);
    assert_eq!(client.get("/admin/users/ALICE").await.body, expected);
    let token = client.service.log_in("alice").await;

    let change = json!({"roles": ["user"], "email": null});
    let changed = client.patch("/admin/users/alice", change).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    assert_eq!((&changed.body["roles"], &changed.body["email"]), (&json!(["user"]), &Value::Null));
    // In force at the next validation, of a session that goes on.
    assert_eq!(client.permissions(&token).await, json!([]));

    assert_eq!(client.delete("/admin/users/alice").await.status, 204);
    assert_eq!(client.service.validate(&token).await.problem(), (401, "invalid_token"));
    for gone in [client.get("/admin/users/alice").await, client.delete("/admin/users/alice").await]
    {
        assert_eq!(gone.problem(), (404, "user_not_found"));
    }
}

#[actix_web::test]
async fn a_user_created_without_roles_has_the_default_role() {
    let client = AdminClient::open().await;
    let new = json!({"username": "alice", "password": PASSWORD});
    let created = client.post("/admin/users", new).await;
    assert_eq!((&created.body["roles"], &created.body["email"]), (&json!(["user"]), &Value::Null));
}

#[actix_web::test]
async fn a_taken_name_is_taken_in_any_case() {
    let client = AdminClient::open().await;
    let user =
        |name: &str, email: &str| json!({"username": name, "password": PASSWORD, "email": email});
    client.post("/admin/users", user("alice", "a@example.org")).await;
    for (name, email, code) in [
        ("ALICE", "b@example.org", "username_taken"),
        ("alice", "a@example.org", "username_taken"),
        ("bob", "A@EXAMPLE.ORG", "email_taken"),
    ] {
        let answer = client.post("/admin/users", user(name, email)).await;
        assert_eq!(answer.problem(), (409, code), "{name}");
    }
    client.post("/admin/users", user("bob", "b@example.org")).await;
    let taken = client.patch("/admin/users/bob", json!({"email": "A@example.org"})).await;
    assert_eq!(taken.problem(), (409, "email_taken"));
    let own = client.patch("/admin/users/bob", json!({"email": "B@example.org"})).await;
    assert_eq!(own.status, 200);
}

#[actix_web::test]
async fn disabling_or_a_new_password_ends_the_sessions() {
    let client = AdminClient::open().await;
    let token = client.user("alice", &["user"]).await;
    let new_password = "another horse battery";
    for (change, stays) in [
        (json!({"email": "a@example.org"}), true),
        (json!({"disabled": false}), true),
        (json!({"disabled": true}), false),
    ] {
        let answer = client.patch("/admin/users/alice", change.clone()).await;
        assert_eq!(answer.status, 200, "{change}");
        assert_eq!(client.service.validate(&token).await.status == 200, stays, "{change}");
    }
    client.patch("/admin/users/alice", json!({"disabled": false})).await;
    assert_eq!(client.service.validate(&token).await.status, 401);
    let token = client.service.log_in("alice").await;
    client.patch("/admin/users/alice", json!({"password": new_password})).await;
    assert_eq!(client.service.validate(&token).await.status, 401);
}

#[actix_web::test]
async fn a_change_is_made_whole_or_not_at_all() {
    let client = AdminClient::open().await;
    let token = client.user("alice", &["user"]).await;
    let change = json!({"disabled": true, "email": "a@example.org", "roles": ["user", "nope"]});
    let answer = client.patch("/admin/users/alice", change).await;
    assert_eq!(answer.problem(), (422, "unknown_role"));
    assert_eq!(answer.body["errors"][0]["pointer"], "/roles");
    let alice = client.get("/admin/users/alice").await.body;
    assert_eq!((&alice["disabled"], &alice["email"]), (&json!(false), &Value::Null));
    assert_eq!(client.service.validate(&token).await.status, 200);
}

#[actix_web::test]
async fn the_last_enabled_administrator_by_role_is_safe() {
    let client = AdminClient::open().await;
    // Neither a permission nor a grant makes an administrator of the kind that counts.
    client.service.add_user("alice", &["*"]).await;
    let grant = json!({"username": "alice", "permission": "*", "reason": "x",
                       "expires_at": "2027-01-16T08:00:00Z"});
    assert_eq!(client.post("/admin/grants", grant).await.status, 201);
    let refused = [
        client.patch("/admin/users/root", json!({"disabled": true})).await,
        client.patch("/admin/users/root", json!({"roles": ["user"]})).await,
        client.delete("/admin/users/root").await,
    ];
    for answer in refused {
        assert_eq!(answer.problem(), (409, "last_admin"));
    }
    assert_eq!(client.get("/admin/users/root").await.body["roles"], json!(["admin"]));
    client.user("chief", &["admin"]).await;
    let answer = client.patch("/admin/users/root", json!({"roles": ["user"]})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(client.get("/admin/users").await.problem(), (403, "permission_denied"));
}

#[actix_web::test]
async fn sessions_of_a_user_are_seen_and_ended() {
    let client = AdminClient::open().await;
    let tokens = [client.user("alice", &[]).await, client.service.log_in("alice").await];
    let listed = client.get("/admin/users/alice/sessions").await.body;
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!((sessions.len(), &listed["next"]), (2, &Value::Null));
    assert_eq!(sessions[0]["expires_at"], "2027-01-16T08:00:00Z");
    assert_eq!(client.delete("/admin/users/alice/sessions").await.status, 204);
    for token in tokens {
        assert_eq!(client.service.validate(&token).await.status, 401);
    }
    assert_eq!(client.get("/admin/users/alice/sessions").await.body["sessions"], json!([]));
    for answer in [
        client.get("/admin/users/nobody/sessions").await,
        client.delete("/admin/users/nobody/sessions").await,
        client.get("/admin/users/no%20name/sessions").await,
    ] {
        assert_eq!(answer.problem(), (404, "user_not_found"));
    }
}

#[actix_web::test]
async fn every_change_is_recorded() {
    let client = AdminClient::open().await;
    client.user("alice", &[]).await;
    client.patch("/admin/users/alice", json!({"disabled": true, "roles": []})).await;
    client.delete("/admin/users/alice/sessions").await;
    client.put("/admin/roles/ops", json!({"permissions": []})).await;
    client.delete("/admin/roles/ops").await;
    let grant = json!({"username": "alice", "permission": "a:b", "reason": "ticket 7",
                       "expires_at": "2027-01-15T09:00:00Z"});
    let grant = client.post("/admin/grants", grant).await;
    client.delete(&format!("/admin/grants/{}", grant.body["id"].as_str().unwrap())).await;
    let key = client.post("/admin/keys", json!({"name": "ci", "permissions": []})).await;
    client.delete(&format!("/admin/keys/{}", key.body["id"].as_str().unwrap())).await;
    client.delete("/admin/users/alice").await;
    client.delete("/admin/users/alice").await;
    let lines = client.service.audited();
    let told: Vec<_> = lines
        .iter()
        .filter(|line| line["username"] == "root" && line["audit"] != "login_ok")
        .map(|line| ["audit", "reason", "target"].map(|name| line[name].as_str().unwrap()))
        .collect();
    let expected = [
        ["user_changed", "created", "alice"],
        ["user_changed", "roles", "alice"],
        ["user_changed", "disabled", "alice"],
        ["admin_revoke", "sessions", "alice"],
        ["role_changed", "set", "ops"],
        ["role_changed", "deleted", "ops"],
        ["grant_changed", "created", "alice"],
        ["grant_changed", "deleted", "alice"],
        ["key_changed", "created", "ci"],
        ["key_changed", "deleted", "ci"],
        ["user_changed", "deleted", "alice"],
    ];
    assert_eq!(told, expected);
    let text = format!("{lines:?}");
    assert!(!text.contains(PASSWORD) && !text.contains(key.body["key"].as_str().unwrap()));
}
