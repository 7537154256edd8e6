//! Records of what administrators did.

use serde_json::json;

use super::Desk;
use crate::test_service::PASSWORD;

/// The test service puts no event into the database later: those that are found were written with
/// the change.
#[actix_web::test]
async fn a_change_is_recorded_in_its_own_transaction() {
    let desk = Desk::open().await;
    let new = json!({"username": "bob", "password": PASSWORD});
    desk.post("/admin/users", new).await;
    desk.patch("/admin/users/bob", json!({"disabled": true, "roles": ["reader"]})).await;
    desk.put("/admin/roles/ops", json!({"permissions": ["logs:read"]})).await;
    desk.delete("/admin/roles/ops").await;
    let grant = json!({"username": "bob", "permission": "logs:read", "reason": "on call",
                       "expires_at": "2027-01-15T08:10:00Z"});
    let grant = desk.post("/admin/grants", grant).await.body["id"].as_str().unwrap().to_owned();
    desk.delete(&format!("/admin/grants/{grant}")).await;
    let key = json!({"name": "ci", "permissions": ["logs:read"]});
    let key = desk.post("/admin/keys", key).await.body["id"].as_str().unwrap().to_owned();
    desk.delete(&format!("/admin/keys/{key}")).await;
    desk.delete("/admin/users/bob/sessions").await;
    desk.delete("/admin/users/bob").await;
    let events = desk.get("/admin/audit").await.body;
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
        "admin_revoke sessions bob",
        "user_changed deleted bob",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    // Each is a line as well, once.
    let lines = desk.service.audited();
    let changes =
        lines.iter().filter(|line| line["username"] == "root" && line["target"] != json!(null));
    assert_eq!(changes.count(), expected.len());
}

#[actix_web::test]
async fn a_change_that_cannot_be_recorded_is_not_made() {
    let desk = Desk::open().await;
    desk.service
        .execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END",
        )
        .await;
    let new = json!({"username": "bob", "password": PASSWORD});
    let refused = desk.post("/admin/users", new).await;
    assert_eq!(refused.problem(), (503, "store_unavailable"));
    assert_eq!(desk.get("/admin/users/bob").await.status, 404);
}
