//! `GET` and `DELETE /auth/sessions`, `DELETE /auth/sessions/{id}`: the caller's own sessions.

use std::net::IpAddr;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::{Authenticated, Problem, Query, RequestContext, Result};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    authority::SessionAuthority,
    http::{
        caller::session_user::SessionUser,
        wire::{
            query::{NoParameters, QueryString},
            response::{no_content, private},
            source::source,
        },
    },
    sessions::SessionDetails,
};

/// Which of the caller's sessions end.
pub(in crate::http) struct EndSessionsQuery {
    /// Whether the current one ends as well.
    all: bool,
}

/// The caller's sessions.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct OwnSessionsResponse<'a> {
    sessions: Vec<OwnSessionResponse<'a>>,
}

/// One of the caller's sessions.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct OwnSessionResponse<'a> {
    id: Uuid,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
    user_agent: Option<&'a str>,
    /// Whether the request's token is of this session.
    current: bool,
}

/// Lists the caller's sessions, the newest first.
pub(in crate::http) async fn list(
    _: QueryString<NoParameters>,
    Authenticated(SessionUser(user)): Authenticated<SessionUser>,
    authority: Data<SessionAuthority>,
) -> Result<HttpResponse> {
    let sessions = authority.sessions(&user.session).await?;
    let current = user.session.id;
    let sessions = sessions.iter().map(|session| OwnSessionResponse::new(session, current));
    Ok(private(&OwnSessionsResponse { sessions: sessions.collect() }))
}

/// Ends one of the caller's sessions.
pub(in crate::http) async fn end_one(
    _: QueryString<NoParameters>,
    Authenticated(SessionUser(user)): Authenticated<SessionUser>,
    request: HttpRequest,
    id: Path<String>,
    authority: Data<SessionAuthority>,
) -> Result<HttpResponse> {
    let id = id.parse().map_err(|_| no_such_session())?;
    let context = RequestContext::of(&request);
    match authority.end_session(&user, id, source(&context)).await? {
        true => Ok(no_content()),
        false => Err(no_such_session()),
    }
}

/// Ends the caller's other sessions, or all.
pub(in crate::http) async fn end_others(
    QueryString(query): QueryString<EndSessionsQuery>,
    Authenticated(SessionUser(user)): Authenticated<SessionUser>,
    request: HttpRequest,
    authority: Data<SessionAuthority>,
) -> Result<HttpResponse> {
    let context = RequestContext::of(&request);
    authority.end_other_sessions(&user, source(&context)).await?;
    if query.all {
        authority.end_session(&user, user.session.id, source(&context)).await?;
    }
    Ok(no_content())
}

impl TryFrom<Query> for EndSessionsQuery {
    type Error = Problem;

    fn try_from(mut query: Query) -> Result<Self> {
        let flag = |text: &str| text.parse().map_err(|_| "must be true or false");
        let all = query.get("all", flag).unwrap_or(false);
        query.finish().map(|()| Self { all })
    }
}

impl<'a> OwnSessionResponse<'a> {
    fn new(session: &'a SessionDetails, current: Uuid) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.ends_at,
            ip: session.ip,
            user_agent: session.user_agent.as_deref(),
            current: session.id == current,
        }
    }
}

/// A missing session and one of another user look the same.
fn no_such_session() -> Problem {
    Problem::not_found("session_not_found", "Session not found.")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use serde_json::{Value, json};

    use crate::test_service::{Answer, TestService, bearer};

    async fn service() -> TestService {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        service.add_user("bob", &[]).await;
        service
    }

    async fn list(service: &TestService, token: &str) -> Vec<Value> {
        let request = bearer(TestRequest::get().uri("/auth/sessions"), token);
        let answer = service.send(request).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.body["sessions"].as_array().unwrap().clone()
    }

    async fn delete(service: &TestService, token: &str, path: &str) -> Answer {
        let request = TestRequest::delete().uri(&format!("/auth/sessions{path}"));
        service.send(bearer(request, token)).await
    }

    #[actix_web::test]
    async fn a_user_lists_own_sessions_with_the_current_one_marked() {
        let service = service().await;
        let first = service.log_in("alice").await;
        service.clock.advance(Duration::from_secs(60));
        let second = service.log_in("alice").await;
        service.log_in("bob").await;
        let sessions = list(&service, &first).await;
        let id = service.validate(&second).await.body["session_id"].clone();
        let expected = json!({
            "id": id,
            "created_at": "2027-01-15T08:01:00Z",
            "last_seen_at": "2027-01-15T08:01:00Z",
            "expires_at": "2027-01-16T08:01:00Z",
            "ip": sessions[0]["ip"],
            "user_agent": null,
            "current": false,
        });
        assert_eq!(sessions[0], expected);
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions[1]["current"], true);
        // Seen just now, by asking.
        assert_eq!(sessions[1]["last_seen_at"], "2027-01-15T08:01:00Z");
    }

    #[actix_web::test]
    async fn a_user_ends_one_own_session_and_no_other_users() {
        let service = service().await;
        let (mine, other) = (service.log_in("alice").await, service.log_in("alice").await);
        let bobs = service.log_in("bob").await;
        let id = async |token: &str| {
            let validation = service.validate(token).await;
            format!("/{}", validation.body["session_id"].as_str().unwrap())
        };
        let other_id = id(&other).await;
        let answer = delete(&service, &mine, &other_id).await;
        assert_eq!(answer.status, 204);
        assert_eq!(service.validate(&other).await.problem(), (401, "invalid_token"));
        for unknown in [&other_id, &id(&bobs).await, "/x"] {
            let answer = delete(&service, &mine, unknown).await;
            assert_eq!(answer.problem(), (404, "session_not_found"), "{unknown}");
        }
        assert_eq!(service.validate(&bobs).await.status, 200);
        let own = id(&mine).await;
        assert_eq!(delete(&service, &mine, &own).await.status, 204);
        assert_eq!(delete(&service, &mine, &own).await.problem(), (401, "invalid_token"));
    }

    #[actix_web::test]
    async fn a_user_ends_the_other_sessions_or_all() {
        let service = service().await;
        let tokens = [service.log_in("alice").await, service.log_in("alice").await];
        let bobs = service.log_in("bob").await;
        assert_eq!(delete(&service, &tokens[0], "").await.status, 204);
        assert_eq!(service.validate(&tokens[0]).await.status, 200);
        assert_eq!(service.validate(&tokens[1]).await.problem(), (401, "invalid_token"));
        assert_eq!(list(&service, &tokens[0]).await.len(), 1);
        assert_eq!(delete(&service, &tokens[0], "?all=true").await.status, 204);
        assert_eq!(service.validate(&tokens[0]).await.problem(), (401, "invalid_token"));
        assert_eq!(service.validate(&bobs).await.status, 200);
    }

    #[actix_web::test]
    async fn an_ended_session_is_recorded_with_its_user() {
        let service = service().await;
        let (mine, other) = (service.log_in("alice").await, service.log_in("alice").await);
        let [own, id] = [service.validate(&mine).await, service.validate(&other).await]
            .map(|known| known.body["session_id"].clone());
        service.log_in("alice").await;
        delete(&service, &mine, &format!("/{}", id.as_str().unwrap())).await;
        delete(&service, &mine, "?all=true").await;
        let lines = service.audited().into_iter().filter(|line| line["audit"] == "logout");
        let told = lines.map(|line| {
            assert_eq!((&line["username"], &line["session_id"]), (&json!("alice"), &own));
            (line["target"].clone(), line["reason"].clone())
        });
        let expected =
            [(id, Value::Null), (Value::Null, json!("others")), (own.clone(), Value::Null)];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[actix_web::test]
    async fn a_request_that_ends_no_session_is_not_recorded() {
        let service = service().await;
        let token = service.log_in("alice").await;
        for _ in 0..3 {
            assert_eq!(delete(&service, &token, "").await.status, 204);
        }
        assert!(service.audited().iter().all(|line| line["audit"] == "login_ok"));
    }

    #[actix_web::test]
    async fn a_cookie_ends_sessions_from_our_own_pages_only() {
        let service = service().await;
        let (mine, other) = (service.log_in("alice").await, service.log_in("alice").await);
        let by_cookie = |site: &str| {
            TestRequest::delete()
                .uri("/auth/sessions")
                .insert_header(("cookie", format!("session_id={mine}")))
                .insert_header(("sec-fetch-site", site))
        };
        assert_eq!(service.send(by_cookie("cross-site")).await.problem(), (403, "csrf"));
        assert_eq!(service.validate(&other).await.status, 200);
        assert_eq!(service.send(by_cookie("same-origin")).await.status, 204);
        assert_eq!(service.validate(&other).await.problem(), (401, "invalid_token"));
        assert_eq!(service.validate(&mine).await.status, 200);
    }

    #[actix_web::test]
    async fn an_invalid_query_ends_no_session() {
        let service = service().await;
        let token = service.log_in("alice").await;
        for query in ["?all=1", "?all=true&all=true", "?everything=true"] {
            assert_eq!(delete(&service, &token, query).await.problem(), (400, "bad_request"));
        }
        assert_eq!(service.validate(&token).await.status, 200);
        let post = TestRequest::post().uri("/auth/sessions");
        assert_eq!(service.send(post).await.header("allow"), "GET, HEAD, DELETE");
    }
}
