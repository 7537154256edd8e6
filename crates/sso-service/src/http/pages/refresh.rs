//! `GET /auth/refresh`: renews the session of a browser and returns it to its page, via the log-in
//! page if needed.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{Method, StatusCode},
    web::Data,
};
use service_runtime::http::{Problem, RequestContext, Result};

use super::{
    continuing::continue_to,
    destination::Destination,
    page::{redirect, redirect_with_cookies, with_return_to},
};
use crate::{
    authority::{RefreshError, SessionAuthority},
    http::{
        caller::{
            credential::{refresh_token_in_cookie, required},
            csrf,
            visitor::Visitor,
        },
        wire::source::source,
    },
    site::{RedirectTarget, Site},
};

/// Renews the cookies and redirects to the destination.
///
/// A navigation that another site caused renews nothing: that site can abort it, and then the
/// answer with the next tokens is lost. It gets a page of ours that navigates here again.
pub(in crate::http) async fn renew(
    Destination(target): Destination,
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    csrf::check_navigation(request.headers())?;
    let token = refresh_token_in_cookie(request.headers(), &authority, &site).await;
    let token = match token.and_then(required) {
        Ok(token) => token,
        Err(problem) => return log_in_after(problem, &target, &site),
    };
    if request.method() == Method::HEAD || csrf::is_from_another_site(request.headers()) {
        return continue_to(HttpResponse::Ok(), &with_return_to("/auth/refresh", &target), &site);
    }
    let from = RequestContext::of(&request);
    match authority.refresh(&token, source(&from)).await {
        Ok(logged_in) => Ok(redirect_with_cookies(&logged_in, &target, &site)),
        // Another tab has just renewed the session, and its cookies are used.
        Err(RefreshError::TooSoon(_))
            if Visitor::of(&request, &authority, &site).await?.0.is_some() =>
        {
            Ok(redirect(target.location()).finish())
        }
        Err(error) => log_in_after(error.into(), &target, &site),
    }
}

/// Redirects to the log-in page where a log-in can help: not when the session is unknown.
fn log_in_after(problem: Problem, target: &RedirectTarget, site: &Site) -> Result<HttpResponse> {
    if problem.status_code() != StatusCode::UNAUTHORIZED {
        return Err(problem);
    }
    if site.leads_to_authorization(target) {
        return Ok(redirect(target.location()).finish());
    }
    Ok(redirect(&with_return_to("/login", target)).finish())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::{http::Method, test::TestRequest};

    use crate::test_service::{Answer, PASSWORD, TestService, site_with_return_host};

    const THERE: &str = "/auth/refresh?return_to=https://app.example.org/x?y";
    const LOG_IN: &str = "/login?return_to=https%3A%2F%2Fapp.example.org%2Fx%3Fy";

    async fn logged_in() -> (TestService, String) {
        let mut service = TestService::start().await;
        service.add_user("alice", &[]).await;
        service.site = site_with_return_host("http://127.0.0.1:8001", "app.example.org");
        let log_in = TestRequest::post()
            .uri("/auth/login")
            .set_json(serde_json::json!({"username": "alice", "password": PASSWORD}));
        let token = service.send(log_in).await.body["refresh_token"].as_str().unwrap().to_owned();
        (service, token)
    }

    fn with_cookie(uri: &str, token: &str) -> TestRequest {
        let request = TestRequest::get().uri(uri).insert_header(("accept", "text/html"));
        request.insert_header(("cookie", format!("refresh_token={token}")))
    }

    /// What a browser sends when a page of such a site leads here.
    fn navigation(uri: &str, token: &str, site: &str) -> TestRequest {
        with_cookie(uri, token)
            .insert_header(("sec-fetch-site", site))
            .insert_header(("sec-fetch-mode", "navigate"))
            .insert_header(("sec-fetch-dest", "document"))
    }

    #[track_caller]
    fn check_goes_to(answer: &Answer, location: &str) {
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.header("location"), location);
    }

    #[actix_web::test]
    async fn a_refresh_redirects_with_new_cookies() {
        let (service, token) = logged_in().await;
        let answer = service.send(navigation(THERE, &token, "same-origin")).await;
        check_goes_to(&answer, "https://app.example.org/x?y");
        assert_eq!(service.validate(&answer.cookie("session_id").unwrap()).await.status, 200);
        let next = answer.cookie("refresh_token").unwrap();
        service.clock.advance(Duration::from_secs(20 * 60));
        let answer = service.send(with_cookie("/auth/refresh", &next)).await;
        check_goes_to(&answer, "/account");
        assert_ne!(answer.cookie("refresh_token").unwrap(), next);
    }

    /// Where a page of ours navigates to.
    fn next(answer: &Answer) -> String {
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (200, ""));
        let (_, rest) = answer.text.split_once("content=\"0; url=").unwrap();
        rest.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&")
    }

    #[actix_web::test]
    async fn a_cross_site_navigation_renews_nothing_until_repeated_from_our_page() {
        let (service, token) = logged_in().await;
        for site in ["cross-site", "same-site"] {
            // As often as a foreign page likes, and abandoned each time.
            for _ in 0..3 {
                let answer = service.send(navigation(THERE, &token, site)).await;
                let again = next(&answer);
                assert_eq!(again, format!("/auth/refresh?{}", LOG_IN.split_once('?').unwrap().1));
                service.clock.advance(Duration::from_secs(60));
            }
        }
        let answer = service.send(navigation("/auth/refresh", &token, "cross-site")).await;
        assert_eq!(next(&answer), "/auth/refresh");
        let again = next(&service.send(navigation(THERE, &token, "cross-site")).await);
        let answer = service.send(navigation(&again, &token, "same-origin")).await;
        check_goes_to(&answer, "https://app.example.org/x?y");
        assert_eq!(service.validate(&answer.cookie("session_id").unwrap()).await.status, 200);
    }

    #[actix_web::test]
    async fn a_head_request_renews_nothing() {
        let (service, token) = logged_in().await;
        for site in ["same-origin", "none", "cross-site"] {
            let head = navigation(THERE, &token, site).method(Method::HEAD);
            let answer = service.send(head).await;
            assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (200, ""), "{site}");
            service.clock.advance(Duration::from_secs(60));
        }
        let reused = service.audited().into_iter().filter(|line| line["audit"] != "login_ok");
        assert_eq!(reused.count(), 0);
    }

    #[actix_web::test]
    async fn an_unrenewable_session_redirects_to_log_in() {
        let (service, _) = logged_in().await;
        for token in ["", "x", "a b"] {
            let answer = service.send(with_cookie(THERE, token)).await;
            check_goes_to(&answer, LOG_IN);
            assert_eq!(answer.header("set-cookie"), "");
            check_goes_to(&service.send(with_cookie("/auth/refresh", token)).await, "/login");
        }
        let evil = with_cookie("/auth/refresh?return_to=https://evil.example", "x");
        check_goes_to(&service.send(evil).await, "/login");
    }

    #[actix_web::test]
    async fn a_request_that_is_not_a_navigation_renews_nothing() {
        let (service, token) = logged_in().await;
        for (name, value) in [
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-dest", "iframe"),
        ] {
            let answer =
                service.send(with_cookie(THERE, &token).insert_header((name, value))).await;
            assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (403, ""), "{value}");
        }
    }

    #[actix_web::test]
    async fn two_simultaneous_tabs_are_both_redirected() {
        let (service, token) = logged_in().await;
        let first = service.send(with_cookie(THERE, &token)).await;
        let second = service.send(with_cookie(THERE, &token)).await;
        let cookies = ["session_id", "refresh_token"];
        assert_eq!(cookies.map(|name| first.cookie(name)), cookies.map(|name| second.cookie(name)));
        let [session, refresh] = cookies.map(|name| first.cookie(name).unwrap());
        // A third one comes with the new cookies already.
        let both = format!("refresh_token={refresh}; session_id={session}");
        let third = TestRequest::get().uri(THERE).insert_header(("cookie", both));
        let third = service.send(third).await;
        check_goes_to(&third, "https://app.example.org/x?y");
        assert_eq!(third.header("set-cookie"), "");
        let without_session = service.send(with_cookie(THERE, &refresh)).await;
        assert_eq!(without_session.status, 429);
    }

    #[actix_web::test]
    async fn an_unavailable_store_does_not_redirect_to_log_in() {
        let (service, token) = logged_in().await;
        service.store.close().await;
        let answer = service.send(with_cookie(THERE, &token)).await;
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!((answer.header("set-cookie"), answer.header("location")), ("", ""));
        assert!(answer.text.contains("if you were logged in, you still are"), "{}", answer.text);
    }
}
