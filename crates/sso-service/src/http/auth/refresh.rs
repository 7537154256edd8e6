//! `POST /auth/refresh`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Deserialize;
use service_runtime::http::{Problem, RequestContext, Result};
use shared_types::{BearerToken, SessionAnswer};
use utoipa::ToSchema;

use crate::{
    authority::SessionAuthority,
    http::{
        caller::{
            cookies,
            credential::{refresh_token_in_cookie, required},
            csrf,
        },
        wire::{
            body_faults::BodyFaults,
            json::read_optional_json,
            member::Member,
            query::{NoParameters, QueryString},
            response::private_in,
            source::source,
        },
    },
    site::Site,
};

/// The body of a refresh. Without a body, the token is taken from the cookie.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct RefreshRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    refresh_token: Member<String>,
}

/// Renews a session by the token in the body, else by the one in the cookie; the new tokens are
/// then cookies as well.
pub(in crate::http) async fn refresh(
    _: QueryString<NoParameters>,
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let body: Option<RefreshRequest> = read_optional_json(&request, body).await?;
    let by_cookie = body.is_none();
    let token = match body {
        Some(body) => body.token()?,
        None => token_in_cookie(&request, &authority, &site).await?,
    };
    let context = RequestContext::of(&request);
    let logged_in = authority.refresh(&token, source(&context)).await?;
    let mut response = HttpResponse::Ok();
    if by_cookie {
        cookies::give(&mut response, &logged_in, &site);
    }
    Ok(private_in(response, &SessionAnswer::from(&logged_in)))
}

impl RefreshRequest {
    /// # Errors
    /// 401 for a text that is no token: none was ever issued so.
    fn token(self) -> Result<BearerToken> {
        let mut faults = BodyFaults::default();
        let token = faults.required_text("refresh_token", self.refresh_token);
        let token = faults.finish(|| token)?;
        BearerToken::parse(token.as_bytes()).map_err(|_| Problem::invalid_token())
    }
}

async fn token_in_cookie(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<BearerToken> {
    let token = required(refresh_token_in_cookie(request.headers(), authority, site).await?)?;
    csrf::check(request.headers(), site)?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use serde_json::{Value, json};

    use crate::test_service::{Answer, PASSWORD, TestService, bearer};

    async fn refresh(service: &TestService, token: &Value) -> Answer {
        let body = json!({ "refresh_token": token });
        service.send(TestRequest::post().uri("/auth/refresh").set_json(body)).await
    }

    async fn logged_in() -> (TestService, Value) {
        let service = TestService::start().await;
        service.add_user("alice", &["logs:read"]).await;
        let credentials = json!({"username": "alice", "password": PASSWORD});
        let request = TestRequest::post().uri("/auth/login").set_json(credentials);
        let body = service.send(request).await.body;
        (service, body)
    }

    #[actix_web::test]
    async fn a_refresh_answers_as_a_log_in_does() {
        let (service, first) = logged_in().await;
        service.clock.advance(Duration::from_secs(20 * 60));
        let answer = refresh(&service, &first["refresh_token"]).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        let second = answer.body;
        for same in ["session_id", "user_id", "username", "roles", "permissions", "token_type"] {
            assert_eq!(second[same], first[same], "{same}");
        }
        for other in ["token", "access_token", "refresh_token"] {
            assert_ne!(second[other], first[other], "{other}");
        }
        assert_eq!(second["expires_in"], 1800);
        assert_eq!(second["expires_at"], "2027-01-15T08:50:00Z");
        assert_eq!(second["refresh_expires_at"], "2027-01-15T16:20:00Z");
        for token in [&first["token"], &second["token"]] {
            assert_eq!(service.validate(token.as_str().unwrap()).await.status, 200);
        }
    }

    #[actix_web::test]
    async fn a_spent_token_ends_the_session_and_is_reported() {
        let (service, first) = logged_in().await;
        service.clock.advance(Duration::from_secs(1));
        let second = refresh(&service, &first["refresh_token"]).await.body;
        let again = refresh(&service, &first["refresh_token"]).await.body;
        assert_eq!(second, again);
        let too_soon = refresh(&service, &second["refresh_token"]).await;
        assert_eq!(too_soon.problem(), (429, "refreshed_too_soon"));
        assert_eq!(too_soon.header("retry-after"), "10");
        service.clock.advance(Duration::from_secs(10));
        assert_eq!(service.validate(second["token"].as_str().unwrap()).await.status, 200);
        let reused = refresh(&service, &first["refresh_token"]).await;
        assert_eq!(reused.problem(), (401, "refresh_reused"));
        let challenge = "Bearer realm=\"sso\", error=\"invalid_token\"";
        assert_eq!(reused.header("www-authenticate"), challenge);
        let ended = refresh(&service, &second["refresh_token"]).await;
        assert_eq!(ended.problem(), (401, "invalid_token"));
        let token = second["token"].as_str().unwrap();
        assert_eq!(service.validate(token).await.problem(), (401, "invalid_token"));
    }

    #[actix_web::test]
    async fn a_lost_answer_is_replaced_and_its_tokens_are_void() {
        let (service, first) = logged_in().await;
        let lost = refresh(&service, &first["refresh_token"]).await.body;
        service.clock.advance(Duration::from_secs(3600));
        let replaced = refresh(&service, &first["refresh_token"]).await;
        assert_eq!(replaced.status, 200, "{:?}", replaced.body);
        assert_ne!(replaced.body["token"], lost["token"]);
        let void = service.validate(lost["token"].as_str().unwrap()).await;
        assert_eq!(void.problem(), (401, "invalid_token"));
        let void = refresh(&service, &lost["refresh_token"]).await;
        assert_eq!(void.problem(), (401, "invalid_token"));
        let again = refresh(&service, &first["refresh_token"]).await;
        assert_eq!(again.body, replaced.body);
        service.clock.advance(Duration::from_secs(10));
        let next = refresh(&service, &replaced.body["refresh_token"]).await;
        assert_eq!(next.status, 200, "{:?}", next.body);
        // To renew with a successor is to use it.
        service.clock.advance(Duration::from_secs(10));
        let reused = refresh(&service, &first["refresh_token"]).await;
        assert_eq!(reused.problem(), (401, "refresh_reused"));
    }

    #[actix_web::test]
    async fn renewals_and_reuses_are_recorded() {
        let (service, first) = logged_in().await;
        service.clock.advance(Duration::from_secs(1));
        let second = refresh(&service, &first["refresh_token"]).await.body;
        service.validate(second["token"].as_str().unwrap()).await;
        service.clock.advance(Duration::from_secs(10));
        refresh(&service, &first["refresh_token"]).await;
        let lines = service.audited();
        let told: Vec<_> = lines[1..].iter().map(|line| line["audit"].as_str().unwrap()).collect();
        assert_eq!(told, ["refresh_ok", "refresh_reused"]);
        for line in &lines[1..] {
            for field in ["user_id", "username", "session_id"] {
                assert_eq!(line[field], first[field], "{line}");
            }
            assert!(line["ip"].is_string() && line["request_id"].is_string(), "{line}");
        }
    }

    #[actix_web::test]
    async fn an_invalid_refresh_token_renews_and_ends_nothing() {
        let (service, first) = logged_in().await;
        let never_issued = shared_types::encode_token(shared_types::TokenKind::Refresh, &[7; 32]);
        for token in ["x", "", "a b", &never_issued, first["token"].as_str().unwrap()] {
            let answer = refresh(&service, &token.into()).await;
            assert_eq!(answer.problem(), (401, "invalid_token"), "{token}");
        }
        assert_eq!(refresh(&service, &json!(1)).await.problem(), (422, "invalid_value"));
        let bodiless = TestRequest::post().uri("/auth/refresh");
        assert_eq!(service.send(bodiless).await.problem(), (401, "not_authenticated"));
        let form = TestRequest::post().uri("/auth/refresh").set_form([("refresh_token", "x")]);
        assert_eq!(service.send(form).await.problem(), (415, "unsupported_media_type"));
        let as_bearer = bearer(
            TestRequest::post().uri("/auth/validate"),
            first["refresh_token"].as_str().unwrap(),
        );
        assert_eq!(service.send(as_bearer).await.problem(), (401, "invalid_token"));
        assert_eq!(refresh(&service, &first["refresh_token"]).await.status, 200);
    }
    fn by_cookie(token: &Value) -> TestRequest {
        let cookie = format!("refresh_token={}", token.as_str().unwrap());
        TestRequest::post().uri("/auth/refresh").insert_header(("cookie", cookie))
    }

    #[actix_web::test]
    async fn a_cookie_is_renewed_in_cookies_from_our_own_pages() {
        let (service, first) = logged_in().await;
        let token = &first["refresh_token"];
        let silent = service.send(by_cookie(token)).await;
        assert_eq!((silent.problem(), silent.header("set-cookie")), ((403, "csrf"), ""));
        let with_header = bearer(by_cookie(token), first["token"].as_str().unwrap());
        assert_eq!(service.send(with_header).await.problem(), (401, "not_authenticated"));

        let ours = by_cookie(token).insert_header(("sec-fetch-site", "same-origin"));
        let answer = service.send(ours).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let value = |field: &str| answer.body[field].as_str().map(str::to_owned);
        assert_eq!(answer.cookie("session_id"), value("token"));
        assert_eq!(answer.cookie("refresh_token"), value("refresh_token"));
        let again = refresh(&service, token).await;
        assert_eq!((again.status.as_u16(), again.header("set-cookie")), (200, ""));
    }
}
