//! Pages that navigate to another one by themselves, without a script.
//!
//! Browsers apply the policy of a page (`form-action`) to every redirect after its form, also to
//! redirects of other hosts. So where a form leads away from our pages, the answer is a page: it
//! ends the navigation of the form, and begins a new one.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use service_runtime::http::Result;

use super::{
    destination::mark_log_in,
    page::{page_with, redirect, redirect_with_cookies, with_return_to},
};
use crate::{
    authority::LoggedIn,
    http::caller::cookies,
    site::{RedirectTarget, Site},
};

#[derive(Template)]
#[template(path = "continue.html")]
struct ContinuePage<'a> {
    service: &'a str,
    url: &'a str,
}

/// The answer with a page that navigates to `url`. A browser attributes a redirect to the site that
/// led here, but a navigation of our page to us.
pub(in crate::http) fn continue_to(
    response: HttpResponseBuilder,
    url: &str,
    site: &Site,
) -> Result<HttpResponse> {
    page_with(response, &ContinuePage { service: site.title(), url })
}

/// The answer to a form that began a session: its cookies, and the way to the destination.
pub(super) fn continue_after_form(
    logged_in: &LoggedIn,
    target: &RedirectTarget,
    site: &Site,
) -> Result<HttpResponse> {
    let mut response = match target.returning() {
        None => redirect_with_cookies(logged_in, target, site),
        Some(url) => {
            let mut response = HttpResponse::Ok();
            cookies::give(&mut response, logged_in, site);
            continue_to(response, url.as_str(), site)?
        }
    };
    mark_log_in(&mut response);
    Ok(response)
}

/// The answer to a form after which the user has to log in. The log-in may lead away at once.
pub(super) fn log_in_after_form(target: &RedirectTarget, site: &Site) -> Result<HttpResponse> {
    let log_in = with_return_to("/login", target);
    if target.returning().is_none() {
        return Ok(redirect(&log_in).finish());
    }
    continue_to(HttpResponse::Ok(), &log_in, site)
}
