use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::test_service::{Answer, TOKEN_TTL, TestService, bearer};

const PATH: &str = "/k8s/tokenreview";
const V1: &str = "authentication.k8s.io/v1";

/// A service, and the key of a cluster.
async fn service() -> (TestService, String) {
    let service = TestService::start().await;
    service.add_user("alice", &["logs:read"]).await;
    let key = service.add_key("cluster", "sso:introspect").await;
    (service, key)
}

fn review(token: &str) -> Value {
    json!({"apiVersion": V1, "kind": "TokenReview", "spec": {"token": token}})
}

async fn ask(service: &TestService, key: &str, body: &Value) -> Answer {
    service.send(bearer(TestRequest::post().uri(PATH).set_json(body), key)).await
}

#[track_caller]
fn check_status(answer: &Answer, code: u16, reason: &str) {
    assert_eq!(answer.status, code, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    let status = ["kind", "apiVersion", "status", "reason"].map(|name| &answer.body[name]);
    assert_eq!(status, ["Status", "v1", "Failure", reason]);
    assert_eq!(answer.body["code"], code);
}

#[actix_web::test]
async fn valid_token_has_a_user_with_prefixed_names() {
    let (service, key) = service().await;
    let token = service.log_in("alice").await;
    let uid = service.validate(&token).await.body["user_id"].clone();
    for version in [V1, "authentication.k8s.io/v1beta1"] {
        // As the API server sends it.
        let body = json!({
            "kind": "TokenReview", "apiVersion": version,
            "metadata": {"creationTimestamp": null},
            "spec": {"token": token, "audiences": ["https://kubernetes.default.svc"]},
            "status": {"user": {}},
        });
        let uri = format!("{PATH}?timeout=30s");
        let request = TestRequest::post().uri(&uri).set_json(body);
        let answer = service.send(bearer(request, &key)).await;
        let expected = json!({
            "apiVersion": version, "kind": "TokenReview",
            "status": {
                "authenticated": true,
                "user": {"username": "sso:alice", "uid": uid, "groups": ["sso:user"]},
            },
        });
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &expected));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[actix_web::test]
async fn api_key_has_a_user_without_groups() {
    let (service, key) = service().await;
    let uid = service.validate(&key).await.body["user_id"].clone();
    let answer = ask(&service, &key, &review(&key)).await;
    let user = json!({"username": "sso:key:cluster", "uid": uid, "groups": []});
    assert_eq!(answer.body["status"], json!({"authenticated": true, "user": user}));
}

#[actix_web::test]
async fn configured_prefix_is_used() {
    let (mut service, key) = service().await;
    service.kubernetes_prefix = "corp/".parse().unwrap();
    let token = service.log_in("alice").await;
    let user = &ask(&service, &key, &review(&token)).await.body["status"]["user"];
    assert_eq!((&user["username"], &user["groups"]), (&json!("corp/alice"), &json!(["corp/user"])));
}

#[actix_web::test]
async fn any_other_token_is_not_authenticated() {
    let (service, key) = service().await;
    let ended = service.log_in("alice").await;
    assert_eq!(
        service.send(bearer(TestRequest::post().uri("/auth/logout"), &ended)).await.status,
        204
    );
    let expired = service.log_in("alice").await;
    service.clock.advance(TOKEN_TTL);
    let credentials = json!({"username": "alice", "password": crate::test_service::PASSWORD});
    let log_in = TestRequest::post().uri("/auth/login").set_json(credentials);
    let refresh = service.send(log_in).await.body["refresh_token"].as_str().unwrap().to_owned();
    let long = "x".repeat(5000);
    for token in ["", " ", "x", "sso_", "a b", "\u{e9}\n", &long, &ended, &expired, &refresh] {
        let answer = ask(&service, &key, &review(token)).await;
        assert_eq!(answer.status, 200, "{token}");
        let expected = json!({
            "apiVersion": V1, "kind": "TokenReview", "status": {"authenticated": false},
        });
        assert_eq!(answer.body, expected, "{token}");
    }
    for spec in [json!({}), json!({"audiences": []})] {
        let body = json!({"apiVersion": V1, "kind": "TokenReview", "spec": spec});
        assert_eq!(
            ask(&service, &key, &body).await.body["status"],
            json!({"authenticated": false})
        );
    }
}

#[actix_web::test]
async fn malformed_review_is_400() {
    let (service, key) = service().await;
    for body in [
        json!({}),
        json!([]),
        json!({"apiVersion": "authentication.k8s.io/v2", "kind": "TokenReview", "spec": {"token": "x"}}),
        json!({"apiVersion": "v1", "kind": "TokenReview", "spec": {"token": "x"}}),
        json!({"apiVersion": V1, "kind": "SubjectAccessReview", "spec": {"token": "x"}}),
        json!({"apiVersion": V1, "kind": "tokenreview", "spec": {"token": "x"}}),
        json!({"apiVersion": V1, "spec": {"token": "x"}}),
        json!({"kind": "TokenReview", "spec": {"token": "x"}}),
        json!({"apiVersion": V1, "kind": "TokenReview", "spec": {"token": 1}}),
        json!({"apiVersion": V1, "kind": "TokenReview", "spec": "x"}),
        json!({"apiVersion": V1, "kind": "TokenReview", "spec": ["x"]}),
    ] {
        let answer = ask(&service, &key, &body).await;
        check_status(&answer, 400, "BadRequest");
        assert!(!answer.text.contains("\"x\""), "{}", answer.text);
    }
    let twice = format!(
        r#"{{"apiVersion":"{V1}","kind":"TokenReview","spec":{{"token":"a","token":"b"}}}}"#
    );
    let request = TestRequest::post().uri(PATH).insert_header(("content-type", "application/json"));
    check_status(&service.send(bearer(request.set_payload(twice), &key)).await, 400, "BadRequest");
}

#[actix_web::test]
async fn refusals_are_status_objects() {
    let (service, key) = service().await;
    let token = service.log_in("alice").await;
    let post = || TestRequest::post().uri(PATH).set_json(review(&token));
    for request in [
        post(),
        bearer(post(), &token),
        bearer(post(), "unknown"),
        post().insert_header(("authorization", "Bearer ")),
        post().insert_header(("cookie", format!("session_id={token}"))),
    ] {
        let answer = service.send(request).await;
        check_status(&answer, 401, "Unauthorized");
        assert!(answer.header("www-authenticate").starts_with("Bearer realm=\"sso\""));
    }
    let form = TestRequest::post().uri(PATH).insert_header(("content-type", "text/plain"));
    check_status(&service.send(bearer(form, &key)).await, 415, "UnsupportedMediaType");
    let get = service.send(TestRequest::get().uri(PATH)).await;
    check_status(&get, 405, "MethodNotAllowed");
    assert_eq!(get.header("allow"), "POST");
    check_status(&service.send(TestRequest::get().uri("/k8s/other")).await, 404, "NotFound");
    let large = json!({"x": "x".repeat(70_000)});
    check_status(&ask(&service, &key, &large).await, 413, "RequestEntityTooLarge");
}
