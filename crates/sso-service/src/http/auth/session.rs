//! `GET /auth/session` and `GET /auth/user`: what is known about oneself.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::{Problem, Query, Result};
use shared_types::Validation;
use uuid::Uuid;

use crate::{
    authority::{Holder, SessionAuthority},
    http::{
        caller::credential::{required, token_of},
        wire::{answer::private, validation::validation},
    },
    sessions::Principal,
    site::Site,
};

/// The session of the token.
pub(in crate::http) async fn session(
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let principal = authenticate(&request, &authority, &site)?;
    let details = authority.session_details(&principal.session).await?;
    let details = details.ok_or_else(Problem::invalid_token)?;
    let holder = Holder::from(principal);
    Ok(private(&SessionAnswer {
        validation: validation(&holder),
        created_at: details.created_at,
        last_seen_at: details.last_seen_at,
        ip: details.ip,
        user_agent: details.user_agent.as_deref(),
    }))
}

/// The user of the token.
pub(in crate::http) async fn user(
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let principal = authenticate(&request, &authority, &site)?;
    let account = &*principal.account;
    Ok(private(&UserAnswer {
        id: account.user_id,
        username: &account.username,
        email: account.email.as_deref(),
        roles: &account.roles,
        permissions: account.permissions.spelled(),
        created_at: account.created_at,
    }))
}

/// Whoever asks about oneself, without any parameter.
pub(in crate::http) fn authenticate(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Principal> {
    Query::parse(request.query_string()).finish()?;
    let token = required(token_of(request, authority, site)?)?;
    Ok(authority.principal(&token)?)
}

#[derive(Serialize)]
struct SessionAnswer<'a> {
    #[serde(flatten)]
    validation: Validation<'a>,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    ip: Option<IpAddr>,
    user_agent: Option<&'a str>,
}

#[derive(Serialize)]
struct UserAnswer<'a> {
    id: Uuid,
    username: &'a str,
    email: Option<&'a str>,
    roles: &'a [String],
    permissions: &'a [String],
    created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use serde_json::json;

    use crate::test_service::{PASSWORD, TestService, bearer};

    #[actix_web::test]
    async fn a_session_says_where_it_came_from_and_when_it_was_used() {
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
    async fn a_user_is_told_what_is_known() {
        let service = TestService::start().await;
        service.add_user("alice", &["logs:read"]).await;
        let token = service.log_in("alice").await;
        let request = TestRequest::get()
            .uri("/auth/user")
            .insert_header(("cookie", format!("session_id={token}")));
        let answer = service.send(request).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let expected = json!({
            "id": service.validate(&token).await.body["user_id"],
            "username": "alice",
            "email": null,
            "roles": ["user"],
            "permissions": ["logs:read"],
            "created_at": "2027-01-15T08:00:00Z",
        });
        assert_eq!(answer.body, expected);
    }

    #[actix_web::test]
    async fn strangers_are_told_nothing() {
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
