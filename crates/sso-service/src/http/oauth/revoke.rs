//! `POST /oauth/revoke` (RFC 7009).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, HeaderValue},
    web::{Data, Payload},
};
use service_runtime::http::{RequestContext, Result};
use shared_types::BearerToken;

use super::form::OAuthForm;
use crate::{
    authority::SessionAuthority,
    http::wire::{
        query::{NoParameters, QueryString},
        source::source,
    },
    oidc::OidcProvider,
};

/// Revokes a token for its holder: no other credential is needed. 200 also for an unknown token
/// (section 2.2). A hint at its kind changes nothing.
pub(in crate::http) async fn revoke(
    _: QueryString<NoParameters>,
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    provider: Data<OidcProvider>,
) -> Result<HttpResponse> {
    let mut form = OAuthForm::read(&request, body).await?;
    let token = form.required("token")?;
    if let Ok(token) = BearerToken::parse(token.as_bytes()) {
        // Each knows its own kinds of tokens.
        provider.revoke(&token).await?;
        authority.revoke(&token, source(&RequestContext::of(&request))).await?;
    }
    let no_store = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(HttpResponse::Ok().insert_header(no_store).finish())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde_json::{Value, json};
    use shared_types::{TokenKind, encode_token};

    use crate::test_service::{Answer, PASSWORD, TOKEN_TTL, TestService, bearer};

    fn form(form: &str) -> TestRequest {
        TestRequest::post()
            .uri("/oauth/revoke")
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(form.to_owned())
    }

    async fn revoke(service: &TestService, token: &str) -> Answer {
        service.send(form(&format!("token={token}"))).await
    }

    #[track_caller]
    fn check_revoked(answer: &Answer) {
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
        assert_eq!(answer.header("cache-control"), "no-store");
    }

    async fn service() -> TestService {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        service
    }

    /// The session token and the refresh token of a new session.
    async fn log_in(service: &TestService) -> [String; 2] {
        let log_in = json!({"username": "alice", "password": PASSWORD});
        let request = TestRequest::post().uri("/auth/login").set_json(log_in);
        let body = service.send(request).await.body;
        ["token", "refresh_token"].map(|name| body[name].as_str().unwrap().to_owned())
    }

    async fn refresh(service: &TestService, token: &str) -> Answer {
        let body = json!({ "refresh_token": token });
        service.send(TestRequest::post().uri("/auth/refresh").set_json(body)).await
    }

    /// The lines of the audit log of a kind.
    fn lines(service: TestService, kind: &str) -> Vec<Value> {
        service.audited().into_iter().filter(|line| line["audit"] == kind).collect()
    }

    #[actix_web::test]
    async fn either_token_of_a_session_ends_it() {
        let service = service().await;
        let (others, _) = (log_in(&service).await, log_in(&service).await);
        for revoked in [0, 1] {
            let tokens = log_in(&service).await;
            check_revoked(&revoke(&service, &tokens[revoked]).await);
            assert_eq!(service.validate(&tokens[0]).await.problem(), (401, "invalid_token"));
            let refreshed = refresh(&service, &tokens[1]).await;
            assert_eq!(refreshed.problem(), (401, "invalid_token"));
            check_revoked(&revoke(&service, &tokens[revoked]).await);
        }
        assert_eq!(service.validate(&others[0]).await.status, 200);
        assert_eq!(lines(service, "logout").len(), 2);
    }

    #[actix_web::test]
    async fn expired_session_token_ends_its_session() {
        let service = service().await;
        let [token, refresh_token] = log_in(&service).await;
        service.clock.advance(TOKEN_TTL);
        check_revoked(&revoke(&service, &token).await);
        let refreshed = refresh(&service, &refresh_token).await;
        assert_eq!(refreshed.problem(), (401, "invalid_token"));
    }

    #[actix_web::test]
    async fn revoked_api_key_is_deleted_and_recorded() {
        let service = service().await;
        let (key, other) =
            (service.add_key("robot", "logs:read").await, service.add_key("other", "*").await);
        for _ in 0..2 {
            check_revoked(&revoke(&service, &key).await);
        }
        assert_eq!(service.validate(&key).await.problem(), (401, "invalid_token"));
        let listed = service.send(bearer(TestRequest::get().uri("/admin/keys"), &other)).await;
        assert_eq!(listed.body["keys"].as_array().unwrap().len(), 1);
        let lines = lines(service, "key_changed");
        assert_eq!(lines.len(), 1);
        let [line] = [&lines[0]];
        assert_eq!((&line["reason"], &line["target"]), (&json!("revoked"), &json!("robot")));
        assert_eq!(line["username"], "key:robot");
    }

    #[actix_web::test]
    async fn unknown_token_counts_as_revoked() {
        let service = service().await;
        for kind in [TokenKind::Session, TokenKind::Refresh, TokenKind::ApiKey] {
            check_revoked(&revoke(&service, &encode_token(kind, &[7; 32])).await);
        }
        for token in ["x", "%00", "eyJhbGciOiJFUzI1NiJ9.e30.AA"] {
            check_revoked(&revoke(&service, token).await);
        }
        let token = log_in(&service).await[0].clone();
        for hint in ["access_token", "refresh_token", "nonsense"] {
            check_revoked(&service.send(form(&format!("token=x&token_type_hint={hint}"))).await);
        }
        let hinted = form(&format!("token_type_hint=refresh_token&token={token}&x=1"));
        check_revoked(&service.send(hinted).await);
        assert_eq!(service.validate(&token).await.status, 401);
    }

    #[actix_web::test]
    async fn request_without_one_token_is_refused() {
        let service = service().await;
        for text in ["", "token=", "x=1", "token=a&token=b", "token=a&x=1&x=1"] {
            let answer = service.send(form(text)).await;
            assert_eq!(answer.problem(), (400, "invalid_request"), "{text}");
        }
        let json = TestRequest::post().uri("/oauth/revoke").set_json(json!({"token": "x"}));
        assert_eq!(service.send(json).await.problem(), (415, "invalid_request"));
    }

    #[actix_web::test]
    async fn token_that_cannot_be_revoked_in_the_store_is_invalid_and_the_answer_is_503() {
        let service = service().await;
        let token = log_in(&service).await[0].clone();
        let key = service.add_key("robot", "logs:read").await;
        service.store.close().await;
        for token in [&token, &key] {
            // The second time it is still not known to be written.
            for _ in 0..2 {
                let answer = revoke(&service, token).await;
                assert_eq!(answer.problem(), (503, "temporarily_unavailable"));
                assert_eq!(answer.header("retry-after"), "1");
            }
            assert_eq!(service.validate(token).await.problem(), (401, "invalid_token"));
        }
        let unwritten = lines(service, "key_changed");
        assert_eq!(unwritten[0]["reason"], "unwritten");
    }
}
