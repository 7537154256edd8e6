//! `POST /auth/password`.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;
use service_runtime::http::{Authenticated, RequestContext, Result};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    accounts::Accounts,
    http::{
        caller::session_user::SessionUser,
        wire::{
            body_faults::BodyFaults, json::JsonBody, member::Member, response::no_content,
            source::source,
        },
    },
    users::Password,
};

/// The body of a change of the caller's own password.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct ChangePasswordRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password)]
    current_password: Member<String>,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password)]
    new_password: Member<String>,
}

/// Changes the password of the caller, whose other sessions end.
pub(in crate::http) async fn change(
    Authenticated(SessionUser(user)): Authenticated<SessionUser>,
    JsonBody(body): JsonBody<ChangePasswordRequest>,
    request: HttpRequest,
    accounts: Data<Accounts>,
) -> Result<HttpResponse> {
    let PasswordChange { current, new } = body.try_into()?;
    let context = RequestContext::of(&request);
    accounts.change_password(&user, &current, new, source(&context)).await?;
    Ok(no_content())
}

struct PasswordChange {
    current: Zeroizing<String>,
    new: Password,
}

impl TryFrom<ChangePasswordRequest> for PasswordChange {
    type Error = BodyFaults;

    fn try_from(request: ChangePasswordRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let current = faults.required_text("current_password", request.current_password);
        let new = faults.required("new_password", request.new_password);
        faults.finish(|| Some(Self { current: current?, new: new? }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::Method, test::TestRequest};
    use futures_util::future::join_all;
    use serde_json::{Value, json};

    use crate::test_service::{Answer, PASSWORD, TestService};

    const NEW: &str = "another horse battery";

    async fn service() -> (TestService, String) {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        (service, token)
    }

    async fn change(service: &TestService, token: &str, current: &str, new: &str) -> Answer {
        let body = json!({"current_password": current, "new_password": new});
        service.call(Method::POST, "/auth/password", token, body).await
    }

    async fn log_in(service: &TestService, password: &str) -> Answer {
        let body = json!({"username": "alice", "password": password});
        service.send(TestRequest::post().uri("/auth/login").set_json(body)).await
    }

    #[actix_web::test]
    async fn the_session_goes_on_and_the_others_end() {
        let (service, other) = service().await;
        let first = log_in(&service, PASSWORD).await.body;
        let token = first["token"].as_str().unwrap();
        assert_eq!(change(&service, token, PASSWORD, NEW).await.status, 204);
        assert_eq!(service.validate(token).await.status, 200);
        assert_eq!(service.validate(&other).await.problem(), (401, "invalid_token"));
        assert_eq!(log_in(&service, PASSWORD).await.problem(), (401, "invalid_credentials"));
        assert_eq!(log_in(&service, NEW).await.status, 200);
        // It can be renewed as well, and is listed.
        let renewal = json!({"refresh_token": first["refresh_token"]});
        let renewed = TestRequest::post().uri("/auth/refresh").set_json(renewal);
        assert_eq!(service.send(renewed).await.status, 200);
        let sessions = service.call(Method::GET, "/auth/sessions", token, Value::Null).await;
        assert_eq!(sessions.body["sessions"].as_array().unwrap().len(), 2);
        // And again.
        assert_eq!(change(&service, token, NEW, PASSWORD).await.status, 204);
        assert_eq!(service.validate(token).await.status, 200);
    }

    #[actix_web::test]
    async fn a_change_is_recorded_without_either_password() {
        let (service, token) = service().await;
        change(&service, &token, PASSWORD, NEW).await;
        let session = service.validate(&token).await.body["session_id"].take();
        let lines = service.audited();
        let line = lines.last().unwrap();
        assert_eq!(
            (&line["audit"], &line["username"]),
            (&"password_changed".into(), &"alice".into())
        );
        assert_eq!(line["session_id"], session);
        assert!(line["ip"].is_string() && line["request_id"].is_string(), "{line}");
        let text = format!("{lines:?}");
        assert!(!text.contains(PASSWORD) && !text.contains(NEW), "{text}");
    }

    #[actix_web::test]
    async fn a_wrong_password_ends_no_session() {
        let (service, token) = service().await;
        let answer = change(&service, &token, "not it, I am afraid", NEW).await;
        assert_eq!(answer.problem(), (403, "invalid_credentials"));
        assert_eq!(answer.header("www-authenticate"), "");
        assert_eq!(answer.body["errors"][0]["pointer"], "/current_password");
        assert_eq!(log_in(&service, PASSWORD).await.status, 200);
        assert_eq!(service.validate(&token).await.status, 200);
    }

    #[actix_web::test]
    async fn wrong_passwords_are_counted_with_those_of_log_ins() {
        let (service, token) = service().await;
        for _ in 0..10 {
            let answer = change(&service, &token, "a wrong password", NEW).await;
            assert_eq!(answer.status, 403);
        }
        let answer = change(&service, &token, PASSWORD, NEW).await;
        assert_eq!(answer.problem(), (429, "too_many_attempts"));
    }

    #[actix_web::test]
    async fn the_new_password_must_meet_the_rules() {
        let (service, token) = service().await;
        for new in ["short", "passwordpassword", &"x".repeat(1025)] {
            let before = service.comparisons();
            let answer = change(&service, &token, PASSWORD, new).await;
            assert_eq!(answer.problem(), (422, "invalid_value"), "{new}");
            assert_eq!(answer.body["errors"][0]["pointer"], "/new_password", "{new}");
            assert_eq!(service.comparisons(), before);
        }
        let nothing = service.call(Method::POST, "/auth/password", &token, json!({})).await;
        assert_eq!(nothing.problem(), (422, "invalid_value"));
        let stranger = change(&service, "sso_x", PASSWORD, NEW).await;
        assert_eq!(stranger.problem(), (401, "invalid_token"));
    }

    #[actix_web::test]
    async fn of_two_simultaneous_changes_one_is_made() {
        let (service, token) = service().await;
        let news = [NEW, "a third horse battery"];
        let answers = join_all(news.map(|new| change(&service, &token, PASSWORD, new))).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        let made = news[usize::from(statuses[0] != 204)];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 403]);
        assert_eq!(log_in(&service, made).await.status, 200);
        assert_eq!(service.validate(&token).await.status, 200);
    }

    /// Whatever the order: a log-in with the old password either was before the change, which ends
    /// it, or is none.
    #[actix_web::test]
    async fn no_log_in_with_the_old_password_outlives_a_change() {
        let (service, token) = service().await;
        let (mut old, mut new) = (PASSWORD, NEW);
        for _ in 0..5 {
            let (changed, logged_in) =
                tokio::join!(change(&service, &token, old, new), log_in(&service, old));
            assert_eq!(changed.status, 204, "{:?}", changed.body);
            if let Some(token) = logged_in.body["token"].as_str() {
                assert_eq!(service.validate(token).await.status, 401);
            }
            assert_eq!(service.validate(&token).await.status, 200);
            (old, new) = (new, old);
        }
    }
}
