//! Bodies of all endpoints of `/auth`.

use actix_web::{http::Method, test::TestRequest};
use serde_json::json;

use crate::test_service::{PASSWORD, TestService};

/// Endpoints with a JSON body.
const ENDPOINTS: [&str; 6] = [
    "/auth/login",
    "/auth/password",
    "/auth/refresh",
    "/auth/register",
    "/auth/validate",
    "/auth/validate/batch",
];

#[actix_web::test]
async fn unknown_members_are_named_and_refused() {
    let service = TestService::start().await;
    service.add_user("alice", &[]).await;
    let token = service.log_in("alice").await;
    for path in ENDPOINTS {
        let body = json!({"username": "bob", "passwort": PASSWORD, "a/b": 1});
        let answer = service.call(Method::POST, path, &token, body).await;
        assert_eq!(answer.problem(), (400, "bad_request"), "{path}");
        let errors = answer.body["errors"].as_array().unwrap();
        for pointer in ["/passwort", "/a~1b"] {
            assert!(errors.iter().any(|error| error["pointer"] == pointer), "{path} {errors:?}");
        }
        assert!(!answer.text.contains(PASSWORD), "{path}");
    }
}

#[actix_web::test]
async fn answer_to_a_request_with_thousands_of_faults_is_small() {
    let service = TestService::start().await;
    let form = |path: &str, form: String| {
        TestRequest::post()
            .uri(path)
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(form)
    };
    let unknown: serde_json::Map<_, _> =
        (0..5000).map(|number| (number.to_string(), json!(1))).collect();
    for request in [
        form("/auth/login", "a&".repeat(32_000)),
        form("/oauth/revoke", "a&".repeat(32_000)),
        TestRequest::post().uri("/auth/login").set_json(unknown),
        TestRequest::get().uri(&format!("/authz/nginx?{}", "a&".repeat(16_000))),
    ] {
        let answer = service.send(request).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.len() < 4096, "{}", answer.text.len());
    }
}
