//! `POST /auth/validate/batch`: several tokens in one request. As hot as validate.

use actix_web::{HttpRequest, HttpResponse, ResponseError, web::Data};
use futures_util::future::join_all;
use serde::Deserialize;
use service_runtime::http::{Problem, RequestContext, Result};
use shared_types::{BearerToken, MAX_BATCH, RefusedEntry};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    audit::Source,
    authority::{Holder, SessionAuthority},
    http::wire::{
        body_faults::{BodyFaults, TextList},
        json::JsonBody,
        member::Member,
        response::private_json,
        source::source,
        validation::{USUAL_VALIDATION_BYTES, write_members},
    },
};

/// The body of a validation of several tokens.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct ValidateBatchRequest {
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = true, min_items = 1, max_items = 64)]
    tokens: Member<TextList>,
}

/// Answers for each token as validate would. The tokens are the only credentials: the header and
/// the cookies are not read.
pub(in crate::http) async fn validate_batch(
    JsonBody(body): JsonBody<ValidateBatchRequest>,
    request: HttpRequest,
    authority: Data<SessionAuthority>,
) -> Result<HttpResponse> {
    let tokens = body.tokens()?;
    let context = RequestContext::of(&request);
    let mut json = Vec::with_capacity(tokens.len() * USUAL_VALIDATION_BYTES);
    json.extend_from_slice(br#"{"answers":"#);
    let mut before = b'[';
    let holders = tokens.iter().map(|token| holder(token, &authority, source(&context)));
    for holder in join_all(holders).await {
        json.push(before);
        write_entry(&mut json, holder)?;
        before = b',';
    }
    json.extend_from_slice(b"]}");
    Ok(private_json(json))
}

impl ValidateBatchRequest {
    fn tokens(self) -> Result<Vec<Zeroizing<String>>, BodyFaults> {
        let mut faults = BodyFaults::default();
        let tokens = faults.required_texts("tokens", self.tokens, MAX_BATCH);
        faults.finish(|| tokens)
    }
}

/// A malformed token is answered like an unknown one, so that one entry does not spoil the others.
async fn holder(token: &str, authority: &SessionAuthority, from: Source<'_>) -> Result<Holder> {
    let token = BearerToken::parse(token.as_bytes()).map_err(|_| Problem::invalid_token())?;
    Ok(authority.validate(&token, None, from).await?)
}

fn write_entry(json: &mut Vec<u8>, holder: Result<Holder>) -> Result<()> {
    match holder {
        Ok(holder) => {
            json.extend_from_slice(br#"{"status":200,"#);
            write_members(json, &holder)
        }
        Err(problem) => {
            let (status, code) = (problem.status_code().as_u16(), problem.code());
            let entry = RefusedEntry { status, code };
            serde_json::to_writer(json, &entry).map_err(Problem::internal)
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde_json::{Value, json};

    use super::MAX_BATCH;
    use crate::test_service::{Answer, TOKEN_TTL, TestService};

    fn batch(body: &Value) -> TestRequest {
        TestRequest::post().uri("/auth/validate/batch").set_json(body)
    }

    async fn ask(service: &TestService, tokens: &[&str]) -> Answer {
        service.send(batch(&json!({ "tokens": tokens }))).await
    }

    fn statuses(answer: &Answer) -> Vec<u64> {
        let answers = answer.body["answers"].as_array().unwrap();
        answers.iter().map(|answer| answer["status"].as_u64().unwrap()).collect()
    }

    #[actix_web::test]
    async fn each_token_is_answered_in_its_place_as_validate_would() {
        let service = TestService::start().await;
        service.add_user("alice", &["logs:read:shop/*"]).await;
        service.add_user("bob", &[]).await;
        let (alice, bob) = (service.log_in("alice").await, service.log_in("bob").await);
        let unissued = shared_types::encode_token(shared_types::TokenKind::Session, &[7; 32]);

        let answer = ask(&service, &[&bob, &unissued, &alice, &bob]).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-type"), "application/json");
        let mut expected = Vec::new();
        for token in [&bob, &alice] {
            let mut alone = service.validate(token).await.body;
            alone["status"] = json!(200);
            expected.push(alone);
        }
        let refused = json!({"status": 401, "code": "invalid_token"});
        assert_eq!(
            answer.body,
            json!({"answers": [expected[0], refused, expected[1], expected[0]]})
        );
    }

    #[actix_web::test]
    async fn malformed_tokens_are_invalid() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        let long = "a".repeat(4097);
        let answer = ask(&service, &["", "a b", "ä", &long, "x", &token]).await;
        assert_eq!(statuses(&answer), [401, 401, 401, 401, 401, 200]);
    }

    #[actix_web::test]
    async fn a_token_is_revoked_and_expires_in_a_batch_as_well() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let (one, other) = (service.log_in("alice").await, service.log_in("alice").await);
        let logout = TestRequest::post().uri("/auth/logout");
        service.send(crate::test_service::bearer(logout, &one)).await;
        assert_eq!(statuses(&ask(&service, &[&one, &other]).await), [401, 200]);
        service.clock.advance(TOKEN_TTL);
        assert_eq!(statuses(&ask(&service, &[&one, &other]).await), [401, 401]);
    }

    #[actix_web::test]
    async fn a_batch_has_one_to_64_tokens_that_are_strings() {
        let service = TestService::start().await;
        let many = |count: usize| json!({ "tokens": vec!["x"; count] });
        assert_eq!(service.send(batch(&many(MAX_BATCH))).await.status, 200);
        for (body, pointer) in [
            (many(0), "/tokens"),
            (many(MAX_BATCH + 1), "/tokens"),
            (json!({}), "/tokens"),
            (json!({"tokens": "x"}), "/tokens"),
            (json!({"tokens": null}), "/tokens"),
            (json!({"tokens": ["x", 1]}), "/tokens/1"),
            (json!({"tokens": [["x"]]}), "/tokens/0"),
        ] {
            let answer = service.send(batch(&body)).await;
            assert_eq!(answer.problem(), (422, "invalid_value"), "{body}");
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }

    #[actix_web::test]
    async fn an_unreadable_body_is_refused() {
        let service = TestService::start().await;
        let typed = |content_type: &str, body: &str| {
            TestRequest::post()
                .uri("/auth/validate/batch")
                .insert_header(("content-type", content_type.to_owned()))
                .set_payload(body.to_owned())
        };
        let twice = r#"{"tokens":["x"],"tokens":["x"]}"#;
        let large = " ".repeat(64 * 1024 + 1);
        for (content_type, body, problem) in [
            ("application/json", "", (400, "bad_request")),
            ("application/json", r#"["x"]"#, (400, "bad_request")),
            ("application/json", twice, (400, "bad_request")),
            ("application/json", &large, (413, "payload_too_large")),
            ("text/plain", r#"{"tokens":["x"]}"#, (415, "unsupported_media_type")),
        ] {
            let answer = service.send(typed(content_type, body)).await;
            assert_eq!(answer.problem(), problem, "{content_type} {body:.40}");
        }
        let uri = "/auth/validate/batch?permission=a:b";
        let request = batch(&json!({"tokens": ["x"]})).uri(uri);
        assert_eq!(service.send(request).await.problem(), (400, "bad_request"));
        let read = TestRequest::get().uri("/auth/validate/batch");
        let answer = service.send(read).await;
        assert_eq!(answer.problem(), (405, "method_not_allowed"));
        assert_eq!(answer.header("allow"), "POST");
    }
}
