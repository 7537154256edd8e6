//! The self-subject reviews.

use reqwest::Method;
use serde_json::json;

use super::client::{Answer, post, start};

#[tokio::test]
async fn a_review_agrees_with_the_answer_to_the_request() {
    let (pair, alice) = start().await;
    pair.create_user("bob", "the password of bob", &["logs:read:team-a/web-*"]);
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    for (attributes, allowed) in [
        (
            json!({"namespace":"team-a","verb":"get","resource":"pods","subresource":"log","name":"x"}),
            true,
        ),
        (json!({"namespace":"team-a","verb":"get","resource":"pods","subresource":"log"}), true),
        (json!({"namespace":"team-a","verb":"get","resource":"pods","name":"x"}), true),
        (json!({"namespace":"team-a","verb":"list","resource":"pods"}), true),
        (json!({"namespace":"team-a","verb":"watch","resource":"pods"}), true),
        (json!({"verb":"list","resource":"pods"}), true),
        (json!({"verb":"list","resource":"namespaces"}), true),
        (json!({"namespace":"team-b","verb":"get","resource":"pods","subresource":"log"}), false),
        (json!({"namespace":"team-b","verb":"list","resource":"pods"}), false),
        (json!({"namespace":"team-a","verb":"delete","resource":"pods"}), false),
        (
            json!({"namespace":"team-a","verb":"create","resource":"pods","subresource":"exec"}),
            false,
        ),
        (json!({"namespace":"team-a","verb":"get","resource":"secrets"}), false),
        (json!({"namespace":"team-a","verb":"get","group":"apps","resource":"pods"}), false),
        (json!({}), false),
    ] {
        let body = json!({ "spec": { "resourceAttributes": attributes } });
        let review = post(&alice, path, &body).await;
        assert_eq!(
            (review.status, &review.json()["status"]["allowed"]),
            (201, &json!(allowed)),
            "{body}"
        );
    }
    let rules = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let review = post(&alice, rules, &json!({ "spec": { "namespace": "team-a" } })).await.object();
    let may_get = json!({ "verbs": ["get"], "apiGroups": [""], "resources": ["pods", "pods/log"] });
    assert!(review["status"]["resourceRules"].as_array().unwrap().contains(&may_get), "{review}");
    let oneself = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = post(&alice, oneself, &json!({})).await.object();
    assert_eq!(review["status"]["userInfo"]["username"], "alice");
    for (kind, body, status) in [
        ("application/json", "{", 400),
        // A list of the members in place of an object.
        ("application/json", r#"[{"resourceAttributes": {}}]"#, 400),
        ("application/json", r#"{"spec": [{"verb": "get"}]}"#, 400),
        ("application/json", r#"{"spec": {"resourceAttributes": ["shop", "get"]}}"#, 400),
        ("text/plain", "{}", 415),
        ("application/vnd.kubernetes.protobuf", "k8s\0\x12\x7f", 400),
    ] {
        let request = alice.gateway(Method::POST, path).header("content-type", kind).body(body);
        assert_eq!(Answer::to(request).await.status, status, "{kind}");
    }
}

#[tokio::test]
async fn an_oversized_review_is_not_read() {
    let (_pair, alice) = start().await;
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer = post(&alice, path, &json!({ "spec": {}, "padding": "x".repeat(70_000) })).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (413, &json!("RequestEntityTooLarge")));
}
