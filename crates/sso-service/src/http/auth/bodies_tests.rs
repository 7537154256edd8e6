//! Bodies of all endpoints of `/auth`.

use actix_web::http::Method;
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
