//! Who looks at a page.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderValue, REFERER, REFERRER_POLICY},
    },
};
use service_runtime::http::{InputFaults, Result};
use url::form_urlencoded;

use crate::{
    authority::SessionAuthority,
    http::caller::{
        cookies::TokenCookie,
        credential::{comes_in, required, token_of},
    },
    sessions::Principal,
    site::{Landing, Site},
};

/// Whoever is logged in. That it cannot be told is an error, and not nobody.
pub(super) fn visitor(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Option<Principal>> {
    let token = token_of(request, authority, site).and_then(required);
    match token.and_then(|token| Ok(authority.principal(&token)?)) {
        Ok(principal) => Ok(Some(principal)),
        Err(problem) if problem.status_code() == StatusCode::UNAUTHORIZED => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Where the visitor wants to go, by the query `return_to`. Other parameters are ignored: those who
/// send people to a page add what they like to count them by.
pub(super) fn landing(request: &HttpRequest, site: &Site) -> Result<Landing> {
    let query = form_urlencoded::parse(request.query_string().as_bytes());
    let mut given = query.filter(|(name, _)| name == RETURN_TO).map(|(_, value)| value);
    let return_to = given.next();
    let mut faults = InputFaults::default();
    if given.next().is_some() {
        faults.unreadable(RETURN_TO, "is given more than once");
    }
    faults.into_result()?;
    Ok(site.landing(return_to.as_deref()))
}

const RETURN_TO: &str = "return_to";

/// Marks the answer to a log-in, so that its cookies can be missed: what the browser opens next has
/// our origin alone as its referrer, which no other page of ours gives it.
pub(super) fn mark_log_in(answer: &mut HttpResponse) {
    answer.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
}

/// Whether the visitor has just logged in and the browser did not keep the cookies.
pub(super) fn has_lost_cookies(request: &HttpRequest, site: &Site) -> Result<bool> {
    let referrer = request.headers().get(REFERER).map(HeaderValue::as_bytes);
    let after_log_in = referrer.and_then(|referrer| referrer.strip_suffix(b"/"));
    let after_log_in = after_log_in.is_some_and(|origin| site.origin().is_named_by(origin));
    Ok(after_log_in && !comes_in(TokenCookie::Session, request.headers(), site)?)
}
