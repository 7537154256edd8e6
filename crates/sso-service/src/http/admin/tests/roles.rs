//! `/admin/roles`.

use serde_json::{Value, json};

use super::AdminClient;

#[actix_web::test]
async fn a_role_is_created_changed_and_deleted() {
    let client = AdminClient::open().await;
    let permissions = json!({"permissions": ["logs:read:shop/*", "deploy:write", "deploy:write"]});
    let created = client.put("/admin/roles/Ops", permissions).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    let expected = json!({"name": "ops", "permissions": ["deploy:write", "logs:read:shop/*"],
                          "builtin": false});
    assert_eq!(created.body, expected);
    let token = client.user("alice", &["ops"]).await;
    assert_eq!(client.permissions(&token).await, expected["permissions"]);

    let changed = client.put("/admin/roles/ops", json!({"permissions": ["logs:read"]})).await;
    assert_eq!(changed.status, 200);
    assert_eq!(client.permissions(&token).await, json!(["logs:read"]));
    client.put("/admin/roles/ops", json!({"permissions": []})).await;
    assert_eq!(client.permissions(&token).await, json!([]));

    assert_eq!(client.delete("/admin/roles/ops").await.problem(), (409, "role_in_use"));
    client.patch("/admin/users/alice", json!({"roles": []})).await;
    assert_eq!(client.delete("/admin/roles/ops").await.status, 204);
    assert_eq!(client.delete("/admin/roles/ops").await.problem(), (404, "role_not_found"));
}

#[actix_web::test]
async fn built_in_roles_cannot_be_changed_or_deleted() {
    let client = AdminClient::open().await;
    for role in ["admin", "reader", "user", "ADMIN"] {
        let path = format!("/admin/roles/{role}");
        let set = client.put(&path, json!({"permissions": ["a:b"]})).await;
        assert_eq!(set.problem(), (409, "builtin_role"), "{role}");
        assert_eq!(client.delete(&path).await.problem(), (409, "builtin_role"), "{role}");
    }
    let listed = client.get("/admin/roles").await.body;
    let role = |name: &str, permissions: Value| json!({"name": name, "permissions": permissions, "builtin": true});
    let roles = json!([
        role("admin", json!(["*"])),
        role("reader", json!(["logs:read"])),
        role("user", json!([])),
    ]);
    assert_eq!(listed, json!({"roles": roles, "next": null}));
}

#[actix_web::test]
async fn the_role_of_the_last_administrator_keeps_its_admin_permission() {
    let client = AdminClient::open().await;
    client.put("/admin/roles/chief", json!({"permissions": ["sso:admin"]})).await;
    client.user("alice", &["chief"]).await;
    // Root loses the role admin; from then on it is alice alone.
    client.patch("/admin/users/root", json!({"roles": ["chief"]})).await;
    let answer = client.put("/admin/roles/chief", json!({"permissions": ["logs:read"]})).await;
    assert_eq!(answer.problem(), (409, "last_admin"));
    let answer = client.put("/admin/roles/chief", json!({"permissions": ["*"]})).await;
    assert_eq!(answer.status, 200);
}
