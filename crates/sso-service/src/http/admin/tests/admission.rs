//! Callers without the permission to administer.

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use super::AdminClient;
use crate::test_service::bearer;

const ENDPOINTS: &[(Method, &str)] = &[
    (Method::GET, "/admin/users"),
    (Method::POST, "/admin/users"),
    (Method::GET, "/admin/users/root"),
    (Method::PATCH, "/admin/users/root"),
    (Method::DELETE, "/admin/users/root"),
    (Method::GET, "/admin/users/root/sessions"),
    (Method::DELETE, "/admin/users/root/sessions"),
    (Method::GET, "/admin/roles"),
    (Method::PUT, "/admin/roles/ops"),
    (Method::DELETE, "/admin/roles/ops"),
    (Method::GET, "/admin/grants"),
    (Method::POST, "/admin/grants"),
    (Method::DELETE, "/admin/grants/x"),
    (Method::GET, "/admin/keys"),
    (Method::POST, "/admin/keys"),
    (Method::DELETE, "/admin/keys/x"),
    (Method::GET, "/admin/audit"),
];

/// Neither what is wrong with the request nor what is there is told to anybody else.
#[actix_web::test]
async fn only_administrators_are_admitted() {
    let client = AdminClient::open().await;
    client.service.add_user("alice", &["logs:read", "sso:introspect", "sso:admin:shop/*"]).await;
    let alice = client.service.log_in("alice").await;
    for (method, path) in ENDPOINTS {
        for query in ["", "?x=y", "?limit=x"] {
            let ask = || {
                let request = TestRequest::default().method(method.clone());
                request.uri(&format!("{path}{query}")).set_payload("{")
            };
            let answer = client.service.send(ask()).await;
            assert_eq!(answer.problem(), (401, "not_authenticated"), "{method} {path}");
            let answer = client.service.send(bearer(ask(), "sso_x")).await;
            assert_eq!(answer.problem(), (401, "invalid_token"), "{method} {path}");
            let answer = client.service.send(bearer(ask(), &alice)).await;
            assert_eq!(answer.problem(), (403, "permission_denied"), "{method} {path}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.ends_with("scope=\"sso:admin\""), "{challenge}");
        }
    }
    let audited = client.service.audited();
    let denied = |line: &&Value| line["audit"] == "permission_denied";
    let denied: Vec<_> = audited.iter().filter(denied).collect();
    assert!(!denied.is_empty(), "{audited:?}");
    assert_eq!(
        (&denied[0]["username"], &denied[0]["permission"]),
        (&json!("alice"), &json!("sso:admin"))
    );
}

#[actix_web::test]
async fn sso_admin_is_enough_and_a_grant_of_it_as_well() {
    let client = AdminClient::open().await;
    client.service.add_user("alice", &["sso:admin"]).await;
    client.service.add_user("bob", &[]).await;
    let grant = json!({"username": "bob", "permission": "sso:admin",
                       "expires_at": "2027-01-15T08:10:00Z", "reason": "holidays"});
    assert_eq!(client.post("/admin/grants", grant).await.status, 201);
    for name in ["alice", "bob"] {
        let token = client.service.log_in(name).await;
        let answer = client.service.call(Method::GET, "/admin/roles", &token, Value::Null).await;
        assert_eq!(answer.status, 200, "{name}");
    }
}

#[actix_web::test]
async fn a_cookie_changes_things_from_our_own_pages_only() {
    let client = AdminClient::open().await;
    for (method, path) in ENDPOINTS {
        let ask = |site: &str| {
            TestRequest::default()
                .method(method.clone())
                .uri(path)
                .insert_header(("cookie", format!("session_id={}", client.root)))
                .insert_header(("sec-fetch-site", site))
        };
        let answer = client.service.send(ask("cross-site")).await;
        if *method == Method::GET {
            assert_eq!(answer.status, 200, "{method} {path}");
            continue;
        }
        assert_eq!(answer.problem(), (403, "csrf"), "{method} {path}");
    }
    let delete = TestRequest::delete()
        .uri("/admin/roles/none")
        .insert_header(("cookie", format!("session_id={}", client.root)))
        .insert_header(("sec-fetch-site", "same-origin"));
    assert_eq!(client.service.send(delete).await.problem(), (404, "role_not_found"));
}
