//! Records of what administrators did.

use serde_json::json;

use super::AdminClient;
use crate::test_service::PASSWORD;

/// The test service puts no event into the database later: those that are found were written with
/// the change.
#[actix_web::test]
async fn a_change_is_recorded_in_its_own_transaction() {
    let client = AdminClient::open().await;
    let new = json!({"username": "bob", "password": PASSWORD});
    client.post("/admin/users", new).await;
    client.patch("/admin/users/bob", json!({"disabled": true, "roles": ["reader"]})).await;
    client.put("/admin/roles/ops", json!({"permissions": ["logs:read"]})).await;
    client.delete("/admin/roles/ops").await;
    let grant = json!({"username": "bob", "permission": "logs:read", "reason": "on call",
                       "expires_at": "2027-01-15T08:10:00Z"});
    let grant = client.post("/admin/grants", grant).await.body["id"].as_str().unwrap().to_owned();
    client.delete(&format!("/admin/grants/{grant}")).await;
    let key = json!({"name": "ci", "permissions": ["logs:read"]});
    let key = client.post("/admin/keys", key).await.body["id"].as_str().unwrap().to_owned();
    client.delete(&format!("/admin/keys/{key}")).await;
    let app = json!({"name": "Grafana", "redirect_uris": ["https://grafana.example.org/"]});
    let app = client.post("/admin/clients", app).await.body;
    let app = format!("/admin/clients/{}", app["client_id"].as_str().unwrap());
    client.patch(&app, json!({"name": "Boards"})).await;
    client.delete(&app).await;
    client.delete("/admin/users/bob/sessions").await;
    client.delete("/admin/users/bob").await;
    let events = client.get("/admin/audit").await.body;
    let told = events["events"].as_array().unwrap().iter().rev().map(|event| {
        assert_eq!(event["username"], "root", "{event}");
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        format!("{} {} {}", text("audit"), text("reason"), text("target"))
    });
    let expected = [
        "user_changed created bob",
        "user_changed roles bob",
        "user_changed disabled bob",
        "role_changed set ops",
        "role_changed deleted ops",
        "grant_changed created bob",
        "grant_changed deleted bob",
        "key_changed created ci",
        "key_changed deleted ci",
        "client_changed created Grafana",
        "client_changed changed Boards",
        "client_changed deleted Boards",
        "admin_revoke sessions bob",
        "user_changed deleted bob",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    // Each is a line as well, once.
    let lines = client.service.audited();
    let changes =
        lines.iter().filter(|line| line["username"] == "root" && line["target"] != json!(null));
    assert_eq!(changes.count(), expected.len());
}

#[actix_web::test]
async fn a_change_that_cannot_be_recorded_is_not_made() {
    let client = AdminClient::open().await;
    client
        .service
        .execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END",
        )
        .await;
    let new = json!({"username": "bob", "password": PASSWORD});
    let refused = client.post("/admin/users", new).await;
    assert_eq!(refused.problem(), (503, "store_unavailable"));
    assert_eq!(client.get("/admin/users/bob").await.status, 404);
}
