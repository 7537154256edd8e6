//! What all pages have in common.

use std::sync::LazyLock;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, HeaderName, LOCATION, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use service_runtime::http::{Problem, Result};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use crate::{
    authority::LoggedIn,
    http::cookies,
    site::{Landing, Site},
};

/// What every page looks like. It stands in the page itself, so a page is one request.
pub(in crate::http) const STYLE: &str = include_str!("../../../templates/style.css");

/// How the policy of a page names the style, and with it no other.
static STYLE_SOURCE: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(STYLE))));

/// 200 with a page.
pub(super) fn page(template: &impl Template, landing: &Landing) -> Result<HttpResponse> {
    let html = render(template)?;
    let mut response = HttpResponse::Ok();
    for header in headers(landing) {
        response.insert_header(header);
    }
    Ok(response.content_type(ContentType::html()).body(html))
}

/// The same problem, shown to a person.
pub(super) fn shown(problem: Problem, template: &impl Template, landing: &Landing) -> Problem {
    match render(template) {
        Ok(html) => headers(landing)
            .into_iter()
            .fold(problem, |problem, (name, value)| problem.header(name, value))
            .shown_as(html),
        Err(failure) => failure,
    }
}

/// 303: what comes next is read, whatever this was.
pub(super) fn go_to(location: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, location)).insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// On to where one wanted to go, with the cookies of a session that was begun or renewed.
pub(super) fn go_on(logged_in: &LoggedIn, landing: &Landing, site: &Site) -> HttpResponse {
    let mut response = go_to(landing.location());
    cookies::give(&mut response, logged_in, site);
    response.finish()
}

#[derive(Template)]
#[template(path = "going_on.html")]
struct GoingOnPage<'a> {
    location: &'a str,
}

/// 200 with a page that navigates on by itself, as a page of ours. To a browser a redirect is
/// still the doing of the site that led here; a navigation of our page is not.
pub(super) fn go_on_from_here(location: &str, landing: &Landing) -> Result<HttpResponse> {
    page(&GoingOnPage { location }, landing)
}

/// A page of ours from which one goes on to the same place.
pub(super) fn with_landing(path: &str, landing: &Landing) -> String {
    let Some(url) = landing.returning() else {
        return path.to_owned();
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("return_to", url.as_str()).finish();
    format!("{path}?{query}")
}

fn render(template: &impl Template) -> Result<String> {
    template.render().map_err(Problem::internal)
}

/// A page loads nothing, runs nothing, and stands in no other page. To our own it names itself as
/// the referrer, without which browsers would post its forms with `Origin: null`.
fn headers(landing: &Landing) -> [(HeaderName, String); 4] {
    [
        (CONTENT_SECURITY_POLICY, policy(landing)),
        (REFERRER_POLICY, "same-origin".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ]
}

/// Browsers hold the redirect after a form to the policy too, so the place to return to is in it.
fn policy(landing: &Landing) -> String {
    let style = &*STYLE_SOURCE;
    let origin = |url: &Url| format!(" {}", url.origin().ascii_serialization());
    let elsewhere = landing.returning().map(origin).unwrap_or_default();
    format!(
        "default-src 'none'; style-src {style}; form-action 'self'{elsewhere}; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    use crate::test_service::TestService;

    #[actix_web::test]
    async fn a_page_may_do_nothing_but_look_as_it_should() {
        let service = TestService::start().await;
        let browser =
            |uri: &str| TestRequest::get().uri(uri).insert_header(("accept", "text/html"));
        for (uri, status) in [("/login", 200), ("/logout", 200), ("/login?x=1", 400)] {
            let answer = service.send(browser(uri)).await;
            assert_eq!(answer.status, status, "{uri}");
            let (_, rest) = answer.text.split_once("<style>").unwrap();
            let (style, rest) = rest.split_once("</style>").unwrap();
            assert!(!rest.contains("<style") && !rest.contains("style="), "{uri}");
            let hash = BASE64_STANDARD.encode(Sha256::digest(style));
            let policy = format!(
                "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; \
                 base-uri 'none'; frame-ancestors 'none'"
            );
            assert_eq!(answer.header("content-security-policy"), policy, "{uri}");
            assert_eq!(answer.header("referrer-policy"), "same-origin");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
}
