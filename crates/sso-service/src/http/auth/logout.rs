//! `POST /auth/logout`.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use service_runtime::http::{Problem, RequestContext, Result};

use crate::{
    authority::{SessionAuthority, TokenRefusal},
    http::{
        caller::{
            cookies,
            credential::{has_token_cookie, tokens_for_log_out},
        },
        wire::{
            query::{NoParameters, QueryString},
            response::no_content_in,
            source::source,
        },
    },
    site::Site,
};

/// Ends the session of the token. An unknown token counts as logged out.
pub(in crate::http) async fn logout(
    _: QueryString<NoParameters>,
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    if !end_session(&request, &authority, &site).await? {
        return Err(Problem::not_authenticated());
    }
    let mut response = HttpResponse::NoContent();
    if has_token_cookie(request.headers(), &site)? {
        cookies::take_back(&mut response, &site);
    }
    Ok(no_content_in(response))
}

/// Ends the session of the tokens in a request.
///
/// Gives whether there was a credential. A cookie without a token is one, and counts as logged out.
pub(in crate::http) async fn end_session(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<bool> {
    let tokens = tokens_for_log_out(request, authority, site).await?;
    for token in &tokens {
        // A log-out would not end an API key.
        if let Err(refusal @ TokenRefusal::SessionRequired) = authority.principal(token).await {
            return Err(refusal.into());
        }
        authority.logout(token, source(&RequestContext::of(request))).await?;
    }
    Ok(!tokens.is_empty() || has_token_cookie(request.headers(), site)?)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::test_service::{Answer, PASSWORD, TOKEN_TTL, TestService, bearer};

    fn logout() -> TestRequest {
        TestRequest::post().uri("/auth/logout")
    }

    #[actix_web::test]
    async fn after_a_log_out_the_token_is_invalid_and_others_are_not() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let (mine, other) = (service.log_in("alice").await, service.log_in("alice").await);
        let answer = service.send(bearer(logout(), &mine)).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(service.validate(&mine).await.problem(), (401, "invalid_token"));
        assert_eq!(service.validate(&other).await.status, 200);
        assert_eq!(service.send(bearer(logout(), &mine)).await.status, 204);
    }

    #[actix_web::test]
    async fn a_log_out_is_recorded_once() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        for _ in 0..2 {
            let logout = bearer(logout(), &token).insert_header(("x-request-id", "r-7"));
            service.send(logout).await;
        }
        let lines = service.audited();
        assert_eq!(lines.len(), 2);
        let [in_, out] = [&lines[0], &lines[1]];
        assert_eq!((&out["audit"], &out["request_id"]), (&"logout".into(), &"r-7".into()));
        assert_eq!(out["session_id"], in_["session_id"]);
    }

    async fn begun(service: &TestService) -> [String; 2] {
        let log_in = TestRequest::post()
            .uri("/auth/login")
            .set_json(serde_json::json!({"username": "alice", "password": PASSWORD}));
        let body = service.send(log_in).await.body;
        ["token", "refresh_token"].map(|field| body[field].as_str().unwrap().to_owned())
    }

    async fn refresh(service: &TestService, token: &str) -> Answer {
        let body = serde_json::json!({ "refresh_token": token });
        service.send(TestRequest::post().uri("/auth/refresh").set_json(body)).await
    }

    #[actix_web::test]
    async fn any_token_of_a_session_ends_it_even_if_expired() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        // An expired token before and after it was swept, a live and a spent refresh token.
        for case in ["expired", "swept", "refresh", "spent"] {
            let [token, refresh_token] = begun(&service).await;
            let [mut shown, mut left] = [token.clone(), refresh_token.clone()];
            match case {
                "refresh" => shown = refresh_token,
                "spent" => {
                    service.clock.advance(std::time::Duration::from_secs(60));
                    let renewed = refresh(&service, &refresh_token).await.body;
                    left = renewed["refresh_token"].as_str().unwrap().to_owned();
                    shown = refresh_token;
                }
                _ => service.clock.advance(TOKEN_TTL),
            }
            if case == "swept" {
                service.upkeep.sweep().await.unwrap();
            }
            assert_eq!(service.send(bearer(logout(), &shown)).await.status, 204, "{case}");
            let ended = refresh(&service, &left).await;
            assert_eq!(ended.problem(), (401, "invalid_token"), "{case}");
            assert_eq!(service.validate(&token).await.status, 401, "{case}");
        }
        let lines = service.audited();
        let told = lines.iter().filter(|line| line["audit"] == "logout");
        assert_eq!(told.filter(|line| line["username"] == "alice").count(), 4);
    }

    #[actix_web::test]
    async fn the_refresh_cookie_alone_logs_out() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let [token, refresh_token] = begun(&service).await;
        let by_cookie =
            || logout().insert_header(("cookie", format!("refresh_token={refresh_token}")));
        assert_eq!(service.send(by_cookie()).await.problem(), (403, "csrf"));
        let ours = by_cookie().insert_header(("sec-fetch-site", "same-origin"));
        let answer = service.send(ours).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.cookie("refresh_token").as_deref(), Some(""));
        assert_eq!(service.validate(&token).await.problem(), (401, "invalid_token"));
    }

    #[actix_web::test]
    async fn an_unknown_token_is_already_logged_out() {
        let service = TestService::start().await;
        let unknown = shared_types::encode_token(shared_types::TokenKind::Session, &[7; 32]);
        for token in ["x", &unknown] {
            assert_eq!(service.send(bearer(logout(), token)).await.status, 204);
        }
    }

    #[actix_web::test]
    async fn without_a_readable_token_no_session_ends() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        assert_eq!(service.send(logout()).await.problem(), (401, "not_authenticated"));
        let malformed = bearer(logout(), "a b");
        assert_eq!(service.send(malformed).await.problem(), (400, "invalid_request"));
        assert_eq!(service.validate(&token).await.status, 200);
    }

    fn by_cookie(value: &str) -> TestRequest {
        logout().insert_header(("cookie", format!("session_id={value}")))
    }

    #[actix_web::test]
    async fn a_cookie_is_logged_out_and_removed() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        // The second time it is unknown; the last one is no token at all.
        for value in [&token, &token, "a b"] {
            let ours = by_cookie(value).insert_header(("sec-fetch-site", "same-origin"));
            let answer = service.send(ours).await;
            assert_eq!(answer.status, 204, "{value}");
            assert_eq!(answer.cookie("session_id").as_deref(), Some(""));
            assert_eq!(answer.cookie("refresh_token").as_deref(), Some(""));
        }
        assert_eq!(service.validate(&token).await.problem(), (401, "invalid_token"));
    }

    #[actix_web::test]
    async fn a_foreign_page_cannot_log_a_user_out() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        for request in [
            by_cookie(&token),
            by_cookie(&token).insert_header(("sec-fetch-site", "same-site")),
            by_cookie(&token).insert_header(("origin", "https://evil.example")),
            by_cookie("a b"),
        ] {
            let answer = service.send(request).await;
            assert_eq!(answer.problem(), (403, "csrf"));
            assert_eq!(answer.header("set-cookie"), "");
        }
        assert_eq!(service.validate(&token).await.status, 200);
        let last = service.audited().pop().unwrap();
        assert_eq!(last["audit"], "csrf_blocked");
    }

    #[actix_web::test]
    async fn a_cookie_stays_if_the_log_out_cannot_be_written() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        service.store.close().await;
        let ours = by_cookie(&token).insert_header(("sec-fetch-site", "same-origin"));
        let answer = service.send(ours).await;
        assert_eq!(answer.problem(), (503, "store_unavailable"));
        assert_eq!((answer.header("retry-after"), answer.header("set-cookie")), ("1", ""));
    }

    #[actix_web::test]
    async fn with_a_header_the_cookie_is_left_alone() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let (mine, other) = (service.log_in("alice").await, service.log_in("alice").await);
        let answer = service.send(bearer(by_cookie(&other), &mine)).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (204, ""));
        assert_eq!(service.validate(&other).await.status, 200);
    }
}
