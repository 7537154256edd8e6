//! Where a visitor goes on to, and whether the browser kept the cookies on the way.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::header::{HeaderValue, REFERER, REFERRER_POLICY},
    web::Data,
};
use service_runtime::http::{InputFaults, Problem, Result};
use url::form_urlencoded;

use crate::{
    http::caller::{cookies::TokenCookie, credential::is_in_cookie},
    site::{RedirectTarget, Site},
};

const RETURN_TO: &str = "return_to";

/// Where a visitor goes on to, by the query parameter `return_to`. Other parameters are ignored:
/// sites that link to a page add their own, to count visitors.
pub(in crate::http) struct Destination(pub(super) RedirectTarget);

impl FromRequest for Destination {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(destination(request).map(Self))
    }
}

fn destination(request: &HttpRequest) -> Result<RedirectTarget> {
    let site = request.app_data::<Data<Site>>();
    let site = site.ok_or_else(|| Problem::internal("the app lacks the site"))?;
    let query = form_urlencoded::parse(request.query_string().as_bytes());
    let mut given = query.filter(|(name, _)| name == RETURN_TO).map(|(_, value)| value);
    let return_to = given.next();
    let mut faults = InputFaults::default();
    if given.next().is_some() {
        faults.unreadable(RETURN_TO, "is given more than once");
    }
    faults.into_result()?;
    Ok(site.redirect_target(return_to.as_deref()))
}

/// Marks the answer to a log-in, so that lost cookies are noticed: the next request of the browser
/// has our origin alone as its referrer, which no other page of ours gives it.
pub(super) fn mark_log_in(answer: &mut HttpResponse) {
    answer.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
}

/// Whether the visitor has just logged in and the browser did not keep the cookies.
pub(super) fn has_lost_cookies(request: &HttpRequest, site: &Site) -> Result<bool> {
    let referrer = request.headers().get(REFERER).map(HeaderValue::as_bytes);
    let after_log_in = referrer.and_then(|referrer| referrer.strip_suffix(b"/"));
    let after_log_in = after_log_in.is_some_and(|origin| site.origin().is_named_by(origin));
    Ok(after_log_in && !is_in_cookie(TokenCookie::Session, request.headers(), site)?)
}
