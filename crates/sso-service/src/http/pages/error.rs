//! Error pages.

use std::time::Duration;

use actix_web::{
    Error, HttpRequest, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web::Data,
};
use askama::Template;
use service_runtime::http::{Problem, RequestContext};

use super::page::show;
use crate::{http::wire::accept::wants_html, site::Site};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    service: &'a str,
    title: &'static str,
    text: String,
    request_id: &'a str,
}

/// The middleware that answers browsers with error pages, at every path. Other clients get
/// problems.
pub(in crate::http) async fn render_for_browsers(
    site: Data<Site>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    if let Some(problem) = problem
        && !problem.is_shown()
        && is_browser_request(response.request())
    {
        let request_id = &RequestContext::of(response.request()).request_id;
        let (title, text) = words(problem, &site);
        show(problem, &ErrorPage { service: site.title(), title, text, request_id });
    }
    Ok(response)
}

/// Whether a person will see the answer. Unsafe methods at `/auth/` are called by scripts: none of
/// our forms posts there.
fn is_browser_request(request: &HttpRequest) -> bool {
    let may_be_navigation = request.method().is_safe() || !request.path().starts_with("/auth/");
    may_be_navigation && wants_html(request.headers())
}

fn words(problem: &Problem, site: &Site) -> (&'static str, String) {
    match (problem.code(), problem.status_code()) {
        ("csrf", _) => (
            "That was not accepted",
            format!(
                "The request does not seem to come from our own page. Open {} instead, and try again.",
                site.origin().as_str()
            ),
        ),
        ("provider_unavailable" | "provider_invalid", _) => {
            ("The login provider did not work", problem.detail().to_owned())
        }
        ("not_found", _) => ("Page not found", "Check the address.".to_owned()),
        (_, StatusCode::UNAUTHORIZED) => {
            ("You are not logged in", "Log in, and then open this page again.".to_owned())
        }
        (_, StatusCode::SERVICE_UNAVAILABLE) => (
            "Try again in a moment",
            "We cannot look that up right now. Nothing has changed: if you were logged in, you \
             still are."
                .to_owned(),
        ),
        (_, StatusCode::TOO_MANY_REQUESTS) => (
            "That came too soon",
            format!("{}.", try_again(problem.retry_after().unwrap_or_default())),
        ),
        (_, status) if status.is_server_error() => {
            ("Something went wrong", "This is our fault; nothing has changed.".to_owned())
        }
        _ => ("That did not work", problem.detail().to_owned()),
    }
}

/// A sentence that says when to try again.
pub(super) fn try_again(wait: Duration) -> String {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    match seconds {
        1 => "Try again in a second".to_owned(),
        2..=90 => format!("Try again in {seconds} seconds"),
        _ => format!("Try again in {} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::test_service::TestService;

    #[test]
    fn an_error_page_names_the_time_to_wait() {
        for (millis, expected) in [
            (0, "a second"),
            (1000, "a second"),
            (1001, "2 seconds"),
            (70_000, "70 seconds"),
            (91_000, "2 minutes"),
            (3_600_000, "60 minutes"),
        ] {
            let told = try_again(Duration::from_millis(millis));
            assert_eq!(told, format!("Try again in {expected}"));
        }
    }

    #[actix_web::test]
    async fn a_browser_gets_its_errors_as_pages_at_every_path() {
        let service = TestService::start().await;
        for (request, status, words) in [
            (TestRequest::get().uri("/nothing"), 404, "Page not found"),
            (TestRequest::get().uri("/auth/validate/"), 404, "Page not found"),
            (TestRequest::get().uri("/auth/login"), 405, "allows only POST"),
            (TestRequest::get().uri("/auth/user"), 401, "You are not logged in"),
            (TestRequest::get().uri("/auth/user?x=1"), 400, "is not a parameter"),
            (TestRequest::post().uri("/login"), 403, "Open http://127.0.0.1:8001 instead"),
            (TestRequest::put().uri("/login"), 405, "allows only GET, HEAD, POST"),
        ] {
            let answer = service.send(request.insert_header(("accept", "text/html"))).await;
            assert_eq!(answer.status, status, "{}", answer.text);
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
            assert!(answer.text.contains(words), "{words}: {}", answer.text);
        }
        let program = service.send(TestRequest::get().uri("/nothing")).await;
        assert_eq!(program.problem(), (404, "not_found"));
        let script = TestRequest::post().uri("/auth/login").insert_header(("accept", "text/html"));
        assert_eq!(service.send(script).await.problem(), (415, "unsupported_media_type"));
    }
}
