//! Faults of requests are named.

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use super::AdminClient;
use crate::test_service::{PASSWORD, bearer};

const USERS: &str = "/admin/users";
const ALICE: &str = "/admin/users/alice";
const OPS: &str = "/admin/roles/ops";
const GRANTS: &str = "/admin/grants";
const KEYS: &str = "/admin/keys";

#[actix_web::test]
async fn refused_values_are_named() {
    let client = AdminClient::open().await;
    client.service.add_user("alice", &[]).await;
    let grant = |name: &str, value: Value| {
        let mut grant = json!({"username": "alice", "permission": "a:b", "reason": "x",
                               "expires_at": "2028-01-01T00:00:00Z"});
        grant[name] = value;
        grant
    };
    for (method, path, body, pointers) in [
        (Method::POST, USERS, json!({}), &["/username", "/password"][..]),
        (Method::POST, USERS, json!({"username": "a b", "password": PASSWORD}), &["/username"]),
        (Method::POST, USERS, json!({"username": "bob", "password": "short"}), &["/password"]),
        (
            Method::POST,
            USERS,
            json!({"username": "bob", "password": "passwordpassword"}),
            &["/password"],
        ),
        (
            Method::POST,
            USERS,
            json!({"username": "bob", "password": PASSWORD, "email": "a@b@c"}),
            &["/email"],
        ),
        (
            Method::POST,
            USERS,
            json!({"username": "bob", "password": PASSWORD, "roles": "user"}),
            &["/roles"],
        ),
        (
            Method::POST,
            USERS,
            json!({"username": "bob", "password": PASSWORD, "roles": ["user", "a b"]}),
            &["/roles/1"],
        ),
        (
            Method::POST,
            USERS,
            json!({"username": "bob", "password": PASSWORD, "roles": ["nope"]}),
            &["/roles"],
        ),
        (Method::PATCH, ALICE, json!({"disabled": "yes"}), &["/disabled"]),
        (Method::PATCH, ALICE, json!({"disabled": null}), &["/disabled"]),
        (Method::PATCH, ALICE, json!({"roles": null, "password": 1}), &["/roles", "/password"]),
        (Method::PATCH, ALICE, json!({"password": "alice"}), &["/password"]),
        (Method::PATCH, ALICE, json!({"email": ""}), &["/email"]),
        (Method::PUT, OPS, json!({}), &["/permissions"]),
        (
            Method::PUT,
            OPS,
            json!({"permissions": ["a:b", "logs", "x:y:z"]}),
            &["/permissions/1", "/permissions/2"],
        ),
        (Method::PUT, OPS, json!({"permissions": ["a:b", 1]}), &["/permissions/1"]),
        (Method::POST, GRANTS, json!({}), &["/username", "/permission", "/expires_at", "/reason"]),
        (Method::POST, GRANTS, grant("username", json!("nobody")), &["/username"]),
        (Method::POST, GRANTS, grant("permission", json!("logs:*")), &["/permission"]),
        (Method::POST, GRANTS, grant("expires_at", json!("tomorrow")), &["/expires_at"]),
        (
            Method::POST,
            GRANTS,
            grant("expires_at", json!("2027-01-15T08:00:00Z")),
            &["/expires_at"],
        ),
        (Method::POST, GRANTS, grant("reason", json!("a\nb")), &["/reason"]),
        (Method::POST, KEYS, json!({}), &["/name", "/permissions"]),
        (Method::POST, KEYS, json!({"name": "a:b", "permissions": ["a:b"]}), &["/name"]),
        (
            Method::POST,
            KEYS,
            json!({"name": "a", "permissions": ["nonsense"]}),
            &["/permissions/0"],
        ),
        (
            Method::POST,
            KEYS,
            json!({"name": "a", "permissions": [], "expires_at": "2020-01-01T00:00:00Z"}),
            &["/expires_at"],
        ),
    ] {
        let answer = client.service.call(method.clone(), path, &client.root, body.clone()).await;
        assert_eq!(answer.status, 422, "{method} {path} {body}: {:?}", answer.body);
        let errors = answer.body["errors"].as_array().unwrap();
        let named: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(named, pointers, "{method} {path} {body}");
        assert!(!answer.text.contains(PASSWORD));
    }
    let answer = client.put("/admin/roles/a%20b", json!({"permissions": []})).await;
    assert_eq!(answer.problem(), (422, "invalid_value"));
    assert_eq!(answer.body["errors"][0]["parameter"], "role");
}

#[actix_web::test]
async fn an_unreadable_or_unknown_value_changes_nothing() {
    let client = AdminClient::open().await;
    client.service.add_user("alice", &[]).await;
    for (method, path, body) in [
        (Method::POST, USERS, json!({"username": "bob", "password": PASSWORD, "admin": true})),
        (Method::PATCH, ALICE, json!({"role": ["admin"]})),
        (Method::PATCH, ALICE, json!({"username": "bob"})),
        (Method::PUT, OPS, json!({"permissions": [], "builtin": true})),
        (Method::POST, KEYS, json!({"name": "a", "permissions": [], "ttl": "1h"})),
    ] {
        let answer = client.service.call(method.clone(), path, &client.root, body.clone()).await;
        assert_eq!(answer.problem(), (400, "bad_request"), "{method} {path} {body}");
        assert_eq!(answer.body["errors"].as_array().unwrap().len(), 1, "{body}");
    }
    for (method, path) in [
        (Method::POST, USERS),
        (Method::PATCH, ALICE),
        (Method::PUT, OPS),
        (Method::POST, GRANTS),
        (Method::POST, KEYS),
    ] {
        let ask = |query: &str, content_type: &'static str, body: &'static str| {
            let request = TestRequest::default().method(method.clone());
            let request = request.uri(&format!("{path}{query}")).set_payload(body);
            bearer(request.insert_header(("content-type", content_type)), &client.root)
        };
        for (request, problem) in [
            (ask("", "application/json", "{"), (400, "bad_request")),
            (ask("", "application/json", "[]"), (400, "bad_request")),
            (ask("", "application/json", r#"{"a":1,"a":1}"#), (400, "bad_request")),
            (ask("?x=1", "application/json", "{}"), (400, "bad_request")),
            (ask("", "text/plain", "{}"), (415, "unsupported_media_type")),
        ] {
            let answer = client.service.send(request).await;
            assert_eq!(answer.problem(), problem, "{method} {path}");
        }
    }
    assert_eq!(client.get(USERS).await.body["users"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_change_of_nothing_changes_nothing() {
    let client = AdminClient::open().await;
    let token = client.user("alice", &["reader"]).await;
    let before = client.get(ALICE).await.body;
    assert_eq!(client.patch(ALICE, json!({})).await.body, before);
    assert_eq!(client.service.validate(&token).await.status, 200);
    let answer = client.patch("/admin/users/nobody", json!({})).await;
    assert_eq!(answer.problem(), (404, "user_not_found"));
}

#[actix_web::test]
async fn an_unsupported_method_is_answered_with_the_allowed_ones() {
    let client = AdminClient::open().await;
    for (path, allow) in [
        (USERS, "GET, HEAD, POST"),
        (ALICE, "GET, HEAD, PATCH, DELETE"),
        (OPS, "PUT, DELETE"),
        ("/admin/grants/x", "DELETE"),
        ("/admin/audit", "GET, HEAD"),
    ] {
        let answer = client.service.call(Method::TRACE, path, &client.root, Value::Null).await;
        assert_eq!(answer.problem(), (405, "method_not_allowed"), "{path}");
        assert_eq!(answer.header("allow"), allow, "{path}");
    }
}
