//! Lists, a page at a time.

use serde_json::{Value, json};

use super::AdminClient;

/// All items of a list, two at a time, by one of their fields.
async fn walk(client: &AdminClient, path: &str, list: &str, field: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page = client.get(&format!("{path}?limit=2{after}")).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        let items = page.body[list].as_array().unwrap();
        assert!(items.len() <= 2, "{items:?}");
        found.extend(items.iter().map(|item| item[field].clone()));
        match page.body["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

#[actix_web::test]
async fn every_list_is_walked_without_loss_or_repeat() {
    let client = AdminClient::open().await;
    for name in ["bob", "alice", "dora", "carol"] {
        client.service.add_user(name, &[]).await;
    }
    let names = ["alice", "bob", "carol", "dora", "root"];
    assert_eq!(walk(&client, "/admin/users", "users", "username").await, names);

    client.put("/admin/roles/ops", json!({"permissions": []})).await;
    let names = ["admin", "ops", "reader", "user"];
    assert_eq!(walk(&client, "/admin/roles", "roles", "name").await, names);

    for number in 0..5 {
        client.service.clock.advance(std::time::Duration::from_millis(1));
        let name = format!("key-{number}");
        client.post("/admin/keys", json!({"name": name, "permissions": []})).await;
        let grant = json!({"username": "bob", "permission": "a:b", "reason": name,
                           "expires_at": "2028-01-01T00:00:00Z"});
        client.post("/admin/grants", grant).await;
        client.service.log_in("alice").await;
    }
    let names = ["key-0", "key-1", "key-2", "key-3", "key-4"];
    assert_eq!(walk(&client, "/admin/keys", "keys", "name").await, names);
    assert_eq!(walk(&client, "/admin/grants", "grants", "reason").await, names);
    let sessions = walk(&client, "/admin/users/alice/sessions", "sessions", "created_at").await;
    let newest_first = ["05", "04", "03", "02", "01"];
    assert_eq!(sessions, newest_first.map(|end| format!("2027-01-15T08:00:00.0{end}Z")));
}

#[actix_web::test]
async fn events_are_listed_the_newest_first() {
    let client = AdminClient::open().await;
    client
        .service
        .execute(
            r#"INSERT INTO audit (event) VALUES ('{"audit":"one"}'), ('{"audit":"two"}'),
               ('{"audit":"three"}')"#,
        )
        .await;
    assert_eq!(walk(&client, "/admin/audit", "events", "audit").await, ["three", "two", "one"]);
}

#[actix_web::test]
async fn a_page_has_bounds() {
    let client = AdminClient::open().await;
    for (query, problem) in [
        ("?limit=0", (422, "invalid_value")),
        ("?limit=1001", (422, "invalid_value")),
        ("?limit=99999999", (422, "invalid_value")),
        ("?limit=x", (400, "bad_request")),
        ("?limit=-1", (400, "bad_request")),
        ("?limit=1&limit=2", (400, "bad_request")),
        ("?before=x", (400, "bad_request")),
    ] {
        for path in ["users", "roles", "grants", "keys", "audit", "users/root/sessions"] {
            let answer = client.get(&format!("/admin/{path}{query}")).await;
            assert_eq!(answer.problem(), problem, "{path}{query}");
        }
    }
    for path in ["grants", "keys", "audit", "users/root/sessions"] {
        let answer = client.get(&format!("/admin/{path}?after=root")).await;
        assert_eq!(answer.problem(), (400, "bad_request"), "{path}");
    }
    assert_eq!(client.get("/admin/users?limit=1000").await.status, 200);
}
