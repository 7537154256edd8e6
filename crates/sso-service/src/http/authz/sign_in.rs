//! The way of a browser without a valid session to the log-in and back.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, LOCATION},
    },
};
use service_runtime::http::{Problem, Result};
use url::Url;

use super::original::OriginalRequest;
use crate::{
    http::{caller::csrf::is_navigation, pages, wire::accept::wants_html},
    site::{RedirectTarget, Site},
};

/// The answer to a request that was refused: a browser without a valid session is redirected to
/// where its session is renewed, or begins; other requests get the problem.
///
/// # Errors
/// The problem, unless the answer is a redirect.
pub(super) fn redirect_or(
    problem: Problem,
    request: &HttpRequest,
    original: &OriginalRequest,
    site: &Site,
) -> Result<HttpResponse> {
    let can_sign_in = problem.status_code() == StatusCode::UNAUTHORIZED
        && original.reads
        && is_page_request(request);
    if !can_sign_in || is_on_the_way(original, site) {
        return Err(problem);
    }
    let location = url_of("/auth/refresh", original, site);
    let mut response = HttpResponse::Found();
    response.insert_header((LOCATION, location)).insert_header((CACHE_CONTROL, "no-store"));
    Ok(response.finish())
}

/// The URL of a page of ours that returns to the original request, if that is allowed. Otherwise the
/// browser stays here.
pub(super) fn url_of(path: &str, original: &OriginalRequest, site: &Site) -> String {
    let url = original.url.as_ref().filter(|_| original.is_trusted).map(Url::as_str);
    let target = url.map_or(RedirectTarget::Account, |url| site.redirect_target(Some(url)));
    format!("{}{}", site.origin().as_str(), pages::with_return_to(path, &target))
}

/// Whether a browser asks for a page with its cookies. With an `Authorization` header no cookie
/// counts, so a new session would change nothing, and the browser would be redirected for ever.
fn is_page_request(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let by_script = headers
        .get_all("x-requested-with")
        .any(|value| value.as_bytes().eq_ignore_ascii_case(b"XMLHttpRequest"));
    wants_html(headers)
        && is_navigation(headers)
        && !by_script
        && !headers.contains_key(AUTHORIZATION)
}

/// Whether the original request is for a page that such a browser passes on its way to a session: a
/// proxy that guards it would redirect for ever. An untrusted header can only prevent a redirect.
fn is_on_the_way(original: &OriginalRequest, site: &Site) -> bool {
    original.url.as_ref().is_some_and(|url| {
        let is_ours = url.path() == "/login" || url.path().starts_with("/auth/");
        is_ours && site.origin().contains(url)
    })
}
