//! `GET /auth/session`.

use std::net::IpAddr;

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::{Authenticated, Problem, Result};
use shared_types::Validation;
use utoipa::ToSchema;

use crate::{
    authority::{Holder, SessionAuthority},
    http::{
        caller::session_user::SessionUser,
        wire::{
            query::{NoParameters, QueryString},
            response::private,
            validation::validation,
        },
    },
};

/// The session of the token.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SessionResponse<'a> {
    #[serde(flatten)]
    validation: Validation<'a>,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
    user_agent: Option<&'a str>,
}

/// Shows the session of the token.
pub(in crate::http) async fn session(
    _: QueryString<NoParameters>,
    Authenticated(SessionUser(user)): Authenticated<SessionUser>,
    authority: Data<SessionAuthority>,
) -> Result<HttpResponse> {
    let details = authority.session_details(&user.session).await?;
    let details = details.ok_or_else(Problem::invalid_token)?;
    let holder = Holder::from(user);
    Ok(private(&SessionResponse {
        validation: validation(&holder),
        created_at: details.created_at,
        last_seen_at: details.last_seen_at,
        ip: details.ip,
        user_agent: details.user_agent.as_deref(),
    }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use serde_json::json;

    use crate::test_service::{PASSWORD, TestService, bearer};

    #[actix_web::test]
    async fn a_session_shows_its_origin_and_last_use() {
        let service = TestService::start().await;
        service.add_user("alice", &["logs:read"]).await;
        let login = TestRequest::post()
            .uri("/auth/login")
            .peer_addr("192.0.2.7:1234".parse().unwrap())
            .insert_header(("user-agent", "browser/1"))
            .set_json(json!({"username": "alice", "password": PASSWORD}));
        let answer = service.send(login).await;
        let token = answer.body["token"].as_str().unwrap();
        service.clock.advance(Duration::from_secs(60));
        let validation = service.validate(token).await;

        let request = bearer(TestRequest::get().uri("/auth/session"), token);
        let answer = service.send(request).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let mut expected = validation.body;
        expected["created_at"] = "2027-01-15T08:00:00Z".into();
        expected["last_seen_at"] = "2027-01-15T08:01:00Z".into();
        expected["ip"] = "192.0.2.7".into();
        expected["user_agent"] = "browser/1".into();
        assert_eq!(answer.body, expected);
    }

    #[actix_web::test]
    async fn anonymous_callers_are_refused() {
        let service = TestService::start().await;
        for path in ["/auth/session", "/auth/user"] {
            let get = || TestRequest::get().uri(path);
            let answer = service.send(get()).await;
            assert_eq!(answer.problem(), (401, "not_authenticated"), "{path}");
            let answer = service.send(bearer(get(), "x")).await;
            assert_eq!(answer.problem(), (401, "invalid_token"), "{path}");
            let answer = service.send(bearer(get(), "")).await;
            assert_eq!(answer.problem(), (400, "invalid_request"), "{path}");
            let answer = service.send(TestRequest::get().uri(&format!("{path}?x=1"))).await;
            assert_eq!(answer.problem(), (400, "bad_request"), "{path}");
            let answer = service.send(TestRequest::post().uri(path)).await;
            assert_eq!(answer.problem(), (405, "method_not_allowed"), "{path}");
            assert_eq!(answer.header("allow"), "GET, HEAD");
        }
    }
}
