//! The style, the headers and the redirects of all pages.

use std::sync::LazyLock;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, HeaderName, HeaderValue, LOCATION,
        REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
};
use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use service_runtime::http::{Problem, ProblemBody, Result};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::{
    authority::LoggedIn,
    http::caller::cookies,
    site::{RedirectTarget, Site},
};

/// The style of every page. It is inlined, so that a page is one request.
pub(in crate::http) const STYLE: &str = include_str!("../../../templates/style.css");

/// The content security policy of every page. It is the same for every request, and allows the
/// style by its hash and no other, and the icon in the page. Without the icon, browsers request
/// `/favicon.ico`, and Firefox reports that the policy forbids it.
#[expect(clippy::expect_used, reason = "Base64 and what is written here are visible ASCII")]
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("the policy is a header value")
});

/// 200 with a page.
pub(in crate::http) fn page(template: &impl Template) -> Result<HttpResponse> {
    page_with(HttpResponse::Ok(), template)
}

/// The answer with a page.
pub(super) fn page_with(
    mut response: HttpResponseBuilder,
    template: &impl Template,
) -> Result<HttpResponse> {
    let html = template.render().map_err(Problem::internal)?;
    for header in headers() {
        response.insert_header(header);
    }
    Ok(response.content_type(ContentType::html()).body(html))
}

/// Shows a problem as this page.
pub(in crate::http) fn show(problem: &Problem, template: &impl Template) {
    match template.render() {
        Ok(text) => problem.show_as(ProblemBody {
            content_type: ContentType::html(),
            text,
            headers: headers().into(),
        }),
        Err(error) => tracing::error!(%error, "cannot render the page of a problem"),
    }
}

/// 303: the next request is a GET.
pub(in crate::http) fn redirect(location: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, location)).insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// Redirects to the destination, with the cookies of a session that was begun or renewed.
pub(super) fn redirect_with_cookies(
    logged_in: &LoggedIn,
    target: &RedirectTarget,
    site: &Site,
) -> HttpResponse {
    let mut response = redirect(target.location());
    cookies::give(&mut response, logged_in, site);
    response.finish()
}

/// The path of one of our pages, with the same destination.
pub(in crate::http) fn with_return_to(path: &str, target: &RedirectTarget) -> String {
    let Some(url) = target.returning() else {
        return path.to_owned();
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("return_to", url.as_str()).finish();
    format!("{path}?{query}")
}

/// The headers of a page, which loads nothing, runs nothing and is framed by no other page. Our own
/// pages get it as the referrer: else browsers would post its forms with `Origin: null`.
fn headers() -> [(HeaderName, HeaderValue); 4] {
    [
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    use crate::test_service::TestService;

    #[actix_web::test]
    async fn the_content_security_policy_allows_only_the_style_and_the_icon() {
        let service = TestService::start().await;
        let browser =
            |uri: &str| TestRequest::get().uri(uri).insert_header(("accept", "text/html"));
        for (uri, status) in [("/login", 200), ("/logout", 200), ("/nothing", 404)] {
            let answer = service.send(browser(uri)).await;
            assert_eq!(answer.status, status, "{uri}");
            let (head, rest) = answer.text.split_once("<style>").unwrap();
            assert_eq!(head.matches("rel=\"icon\" href=\"data:image/svg+xml,").count(), 1, "{uri}");
            let (style, rest) = rest.split_once("</style>").unwrap();
            assert!(!rest.contains("<style") && !rest.contains("style="), "{uri}");
            let hash = BASE64_STANDARD.encode(Sha256::digest(style));
            let policy = format!(
                "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; \
                 base-uri 'none'; frame-ancestors 'none'"
            );
            assert_eq!(answer.header("content-security-policy"), policy, "{uri}");
            assert_eq!(answer.header("referrer-policy"), "same-origin");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
}
