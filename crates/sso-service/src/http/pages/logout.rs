//! `/logout`: the question whether to log out, and the log-out.

use actix_web::{HttpRequest, HttpResponse, ResponseError, http::StatusCode, web::Data};
use askama::Template;
use service_runtime::http::{Authenticated, Problem, Result};

use super::page::{self, page, redirect};
use crate::{
    authority::SessionAuthority,
    http::{
        auth::logout::end_session,
        caller::{cookies, csrf, visitor::Visitor},
        wire::accept::wants_html,
    },
    site::Site,
};

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    service: &'a str,
    username: Option<&'a str>,
    fault: Option<&'static str>,
}

/// Asks whether to log out. A link must not log out, since any page can have one.
pub(in crate::http) async fn show(
    Authenticated(Visitor(user)): Authenticated<Visitor>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let username = user.as_ref().map(|user| &*user.account.username);
    page(&LogoutPage { service: site.title(), username, fault: None })
}

/// Ends the session and expires its cookies. The cookies are expired also without a session.
pub(in crate::http) async fn log_out(
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    csrf::check(request.headers(), &site)?;
    end_session(&request, &authority, &site)
        .await
        .inspect_err(|problem| ask_again(&request, problem, &site))?;
    let mut response = redirect("/login");
    cookies::take_back(&mut response, &site);
    Ok(response.finish())
}

/// Shows the question again when it is unknown whether the session has ended. The cookies stay, so
/// that the user can try again.
fn ask_again(request: &HttpRequest, problem: &Problem, site: &Site) {
    let unknown = problem.status_code() == StatusCode::SERVICE_UNAVAILABLE;
    if unknown && wants_html(request.headers()) {
        let fault = Some("We could not confirm that you are logged out. Try again in a moment.");
        let service = site.title();
        page::show(problem, &LogoutPage { service, username: None, fault });
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::test_service::{TOKEN_TTL, TestService};

    async fn logged_in() -> (TestService, String) {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        (service, token)
    }

    fn with_cookie(request: TestRequest, token: &str) -> TestRequest {
        let request = request.uri("/logout").insert_header(("accept", "text/html"));
        request.insert_header(("cookie", format!("session_id={token}")))
    }

    #[actix_web::test]
    async fn a_link_shows_the_log_out_form() {
        let (service, token) = logged_in().await;
        let answer = service.send(with_cookie(TestRequest::get(), &token)).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text.contains("<strong>alice</strong>"), "{}", answer.text);
        assert!(answer.text.contains("<form method=\"post\" action=\"/logout\">"));
        assert_eq!(service.validate(&token).await.status, 200);
        let stranger = service.send(with_cookie(TestRequest::get(), "x")).await;
        assert!(stranger.text.contains("action=\"/logout\""), "{}", stranger.text);
    }

    #[actix_web::test]
    async fn the_form_ends_the_session_and_removes_the_cookies() {
        let (service, token) = logged_in().await;
        // The last time around without any session.
        for value in [&*token, &*token, ""] {
            let ours = with_cookie(TestRequest::post(), value);
            let answer = service.send(ours.insert_header(("sec-fetch-site", "same-origin"))).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/login"));
            assert_eq!(answer.cookie("session_id").as_deref(), Some(""));
            assert_eq!(answer.cookie("refresh_token").as_deref(), Some(""));
            assert_eq!(service.validate(&token).await.problem(), (401, "invalid_token"));
        }
    }

    #[actix_web::test]
    async fn the_form_ends_a_session_whose_token_expired() {
        let (service, token) = logged_in().await;
        service.clock.advance(TOKEN_TTL);
        service.upkeep.sweep().await.unwrap();
        assert_eq!(service.live.counts(), (0, 1));
        let ours = with_cookie(TestRequest::post(), &token);
        let answer = service.send(ours.insert_header(("sec-fetch-site", "same-origin"))).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/login"));
        assert_eq!(service.live.counts(), (0, 0));
    }

    #[actix_web::test]
    async fn a_foreign_page_cannot_log_a_user_out() {
        let (service, token) = logged_in().await;
        let foreign = with_cookie(TestRequest::post(), &token);
        let answer = service.send(foreign.insert_header(("sec-fetch-site", "cross-site"))).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (403, ""));
        assert_eq!(service.validate(&token).await.status, 200);
    }
    #[actix_web::test]
    async fn an_unwritten_log_out_shows_the_form_again() {
        let (service, token) = logged_in().await;
        service.store.close().await;
        let ours = with_cookie(TestRequest::post(), &token);
        let answer = service.send(ours.insert_header(("sec-fetch-site", "same-origin"))).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (503, ""));
        assert_eq!(answer.header("retry-after"), "1");
        assert!(answer.text.contains("could not confirm"), "{}", answer.text);
        assert!(answer.text.contains("action=\"/logout\""), "{}", answer.text);
    }
}
