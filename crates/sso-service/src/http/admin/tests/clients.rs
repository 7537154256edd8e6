//! `/admin/clients`.

use serde_json::{Value, json};

use super::AdminClient;

fn app() -> Value {
    json!({"name": "Grafana", "redirect_uris": ["https://grafana.example.org/callback"]})
}

fn with(member: &str, value: Value) -> Value {
    let mut body = app();
    body[member] = value;
    body
}

#[actix_web::test]
async fn secret_of_a_client_is_shown_once_and_kept_as_a_hash() {
    let client = AdminClient::open().await;
    let created = client.post("/admin/clients", app()).await;
    assert_eq!((created.status.as_u16(), created.header("cache-control")), (201, "no-store"));
    let mut shown = created.body.clone();
    let secret = shown.as_object_mut().unwrap().remove("client_secret").unwrap();
    let secret = secret.as_str().unwrap();
    assert_eq!(secret.len(), 43);
    let expected = json!({
        "client_id": created.body["client_id"],
        "name": "Grafana",
        "redirect_uris": ["https://grafana.example.org/callback"],
        "post_logout_redirect_uris": [],
        "backchannel_logout_uri": null,
        "public": false,
        "roles": [],
        "id_token_alg": null,
        "created_by": "root",
        "created_at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(shown, expected);
    let listed = client.get("/admin/clients").await;
    assert_eq!(listed.body, json!({"clients": [expected], "next": null}));
    assert!(!listed.text.contains(secret));
    let stored = "SELECT count(*) FROM clients WHERE length(secret_hash) = 32";
    assert_eq!(client.service.store.number(stored).await, 1);
    assert_eq!(client.post("/admin/clients", app()).await.problem(), (409, "client_name_taken"));
}

#[actix_web::test]
async fn public_client_has_no_secret() {
    let client = AdminClient::open().await;
    let created = client.post("/admin/clients", with("public", json!(true))).await;
    assert_eq!((created.status.as_u16(), &created.body["public"]), (201, &json!(true)));
    assert_eq!(created.body.get("client_secret"), None);
}

#[actix_web::test]
async fn members_of_a_client_are_checked() {
    let client = AdminClient::open().await;
    for (member, value, status, pointer) in [
        ("name", json!(""), 422, "/name"),
        ("name", json!("<b>"), 422, "/name"),
        ("redirect_uris", json!([]), 422, "/redirect_uris"),
        ("redirect_uris", json!(["http://app.example.org/"]), 422, "/redirect_uris/0"),
        ("redirect_uris", json!(["javascript:alert(1)"]), 422, "/redirect_uris/0"),
        ("redirect_uris", json!(vec!["https://a.example/"; 33]), 422, "/redirect_uris"),
        ("post_logout_redirect_uris", json!(["x"]), 422, "/post_logout_redirect_uris/0"),
        ("backchannel_logout_uri", json!("http://127.0.0.1/"), 422, "/backchannel_logout_uri"),
        ("public", json!("yes"), 422, "/public"),
        ("roles", json!(["none"]), 422, "/roles"),
        ("id_token_alg", json!("none"), 422, "/id_token_alg"),
        ("id_token_alg", json!("HS256"), 422, "/id_token_alg"),
        ("id_token_alg", json!("RS256"), 422, "/id_token_alg"),
        ("first_party", json!(true), 400, "/first_party"),
    ] {
        let answer = client.post("/admin/clients", with(member, value.clone())).await;
        assert_eq!(answer.status.as_u16(), status, "{member} {value}: {}", answer.text);
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{member} {value}");
    }
    assert_eq!(client.get("/admin/clients").await.body["clients"], json!([]));
}

#[actix_web::test]
async fn client_is_changed_and_deleted() {
    let client = AdminClient::open().await;
    let created = client.post("/admin/clients", app()).await;
    let path = format!("/admin/clients/{}", created.body["client_id"].as_str().unwrap());
    let change = json!({
        "name": "Boards",
        "backchannel_logout_uri": "https://grafana.example.org/out",
        "roles": ["reader"],
        "id_token_alg": "ES256",
    });
    let changed = client.patch(&path, change.clone()).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    for member in ["name", "backchannel_logout_uri", "roles", "id_token_alg"] {
        assert_eq!(changed.body[member], change[member]);
    }
    assert_eq!(changed.body["redirect_uris"], created.body["redirect_uris"]);
    let none = json!({"backchannel_logout_uri": null, "id_token_alg": null, "roles": []});
    let changed = client.patch(&path, none.clone()).await.body;
    for member in ["backchannel_logout_uri", "id_token_alg", "roles"] {
        assert_eq!(changed[member], none[member]);
    }
    client.post("/admin/clients", app()).await;
    for (change, expected) in [
        (json!({"name": "Grafana"}), (409, "client_name_taken")),
        (json!({"public": true}), (422, "invalid_value")),
        (json!({"redirect_uris": []}), (422, "invalid_value")),
        (json!({"roles": ["none"]}), (422, "unknown_role")),
    ] {
        assert_eq!(client.patch(&path, change.clone()).await.problem(), expected, "{change}");
    }
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.delete(&path).await.problem(), (404, "client_not_found"));
    assert_eq!(client.patch(&path, json!({})).await.problem(), (404, "client_not_found"));
}
