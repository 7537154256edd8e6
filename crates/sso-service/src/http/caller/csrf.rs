//! Requests that a foreign page made a browser send (CSRF).
//!
//! A browser adds its cookies to every request that a page makes it send, and names the origin of
//! the page in headers that no page can set: `Sec-Fetch-Site` over https and to the own machine,
//! `Origin` with every POST. A client that sends neither header is no current browser, and needs no
//! cookie.

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HeaderMap, HeaderValue, ORIGIN},
    },
    middleware::Next,
    web::Data,
};
use service_runtime::http::{Problem, RequestContext, Result};

use crate::{authority::SessionAuthority, http::wire::source::source, site::Site};

const CODE: &str = "csrf";
/// A scheme, the longest host name and a port fit.
const MAX_ORIGIN_BYTES: usize = 280;

/// The middleware that records each refusal in the audit log.
pub(in crate::http) async fn report(
    authority: Data<SessionAuthority>,
    site: Data<Site>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    if problem.is_some_and(|problem| problem.code() == CODE) {
        let request = response.request();
        let context = RequestContext::of(request);
        let origin = shown_origin(request.headers());
        authority.foreign_request(origin, site.origin().as_str(), source(&context));
    }
    Ok(response)
}

/// The header `Origin` for a record. It is untrusted, so only short, visible ASCII is recorded.
fn shown_origin(headers: &HeaderMap) -> Option<&str> {
    let origin = std::str::from_utf8(only(headers, ORIGIN.as_str())?).ok()?;
    let is_plain = origin.len() <= MAX_ORIGIN_BYTES && origin.bytes().all(|b| b.is_ascii_graphic());
    is_plain.then_some(origin)
}

/// Refuses a request that a foreign page may have caused. Called for every request that changes
/// something by a cookie, or sets one.
pub(in crate::http) fn check(headers: &HeaderMap, site: &Site) -> Result<()> {
    if is_ours(headers) || only(headers, ORIGIN.as_str()).is_some_and(|from| site.trusts(from)) {
        return Ok(());
    }
    Err(refusal("A request with a cookie is accepted only from our own pages and allowed origins."))
}

/// Refuses a request that another page than ours may have caused, be it of an allowed origin.
pub(in crate::http) fn check_same_origin(headers: &HeaderMap, site: &Site) -> Result<()> {
    let is_named = || {
        !headers.contains_key("sec-fetch-site")
            && only(headers, ORIGIN.as_str()).is_some_and(|from| site.origin().is_named_by(from))
    };
    if only(headers, "sec-fetch-site") == Some(b"same-origin") || is_named() {
        return Ok(());
    }
    Err(refusal("This is accepted only from our own page."))
}

/// Refuses a request that is no navigation of a person: of a script, image or frame. Called where a
/// link of another site may act with cookies.
pub(in crate::http) fn check_navigation(headers: &HeaderMap) -> Result<()> {
    if is_navigation(headers) {
        return Ok(());
    }
    Err(refusal("This page answers navigations only, not scripts, images or frames."))
}

/// Whether a person may be navigating: not where the browser says that a script, image or frame
/// caused the request.
pub(in crate::http) fn is_navigation(headers: &HeaderMap) -> bool {
    is_or_absent(headers, "sec-fetch-mode", b"navigate")
        && is_or_absent(headers, "sec-fetch-dest", b"document")
}

/// Whether the browser says that another site's page or redirect caused the request.
pub(in crate::http) fn is_from_another_site(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site")
        && !matches!(only(headers, "sec-fetch-site"), Some(b"same-origin" | b"none"))
}

/// Whether the browser says that our own page or the user caused the request. Only the user
/// navigates from `none`; scripts without a page, of browser extensions, do not navigate.
fn is_ours(headers: &HeaderMap) -> bool {
    match only(headers, "sec-fetch-site") {
        Some(b"same-origin") => true,
        Some(b"none") => is_or_absent(headers, "sec-fetch-mode", b"navigate"),
        _ => false,
    }
}

fn is_or_absent(headers: &HeaderMap, name: &str, value: &[u8]) -> bool {
    !headers.contains_key(name) || only(headers, name) == Some(value)
}

/// The value of a header that is given once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name);
    values.next().filter(|_| values.next().is_none()).map(HeaderValue::as_bytes)
}

fn refusal(detail: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, CODE, detail)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;
    use crate::test_service::site_with_origins;

    const SITE: &str = "sec-fetch-site";
    const MODE: &str = "sec-fetch-mode";
    const FROM: &str = "origin";

    fn headers(row: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        row.iter().map(pair).for_each(|(name, value)| headers.append(name, value));
        headers
    }

    #[track_caller]
    fn check_row(row: &[(&'static str, &str)], accepted: bool) {
        let site = site_with_origins("https://sso.example.org", &["https://app.example.org"]);
        assert_eq!(check(&headers(row), &site).is_ok(), accepted, "{row:?}");
    }

    #[test]
    fn our_own_pages_the_user_and_allowed_origins_are_accepted() {
        for row in [
            &[(SITE, "same-origin")][..],
            &[(SITE, "same-origin"), (MODE, "cors")],
            &[(SITE, "same-origin"), (FROM, "https://sso.example.org")],
            &[(SITE, "none")],
            &[(SITE, "none"), (MODE, "navigate")],
            &[(FROM, "https://sso.example.org")],
            &[(FROM, "https://app.example.org")],
            &[(SITE, "same-site"), (FROM, "https://app.example.org")],
            &[(SITE, "cross-site"), (FROM, "https://app.example.org")],
            &[(SITE, "cross-site"), (FROM, "https://sso.example.org")],
        ] {
            check_row(row, true);
        }
    }

    #[test]
    fn every_other_origin_is_refused() {
        for row in [
            &[][..],
            &[(SITE, "same-site")],
            &[(SITE, "cross-site")],
            &[(SITE, "")],
            &[(SITE, "Same-Origin")],
            &[(SITE, "same-origin, cross-site")],
            &[(SITE, "same-origin"), (SITE, "cross-site")],
            &[(SITE, "none"), (MODE, "cors")],
            &[(SITE, "none"), (MODE, "no-cors")],
            &[(SITE, "none"), (MODE, "navigate"), (MODE, "cors")],
            &[(MODE, "navigate")],
            &[(FROM, "null")],
            &[(SITE, "cross-site"), (FROM, "null")],
            &[(FROM, "")],
            &[(FROM, "https://evil.example")],
            &[(SITE, "same-site"), (FROM, "https://evil.example.org")],
            &[(FROM, "http://sso.example.org")],
            &[(FROM, "https://sso.example.org:8443")],
            &[(FROM, "https://sso.example.org:443")],
            &[(FROM, "https://sso.example.org/")],
            &[(FROM, "https://SSO.example.org")],
            &[(FROM, "https://sso.example.org.")],
            &[(FROM, "https://sso.example.org.evil.example")],
            &[(FROM, "https://sso.example.org"), (FROM, "https://evil.example")],
            &[(FROM, "https://sso.example.org https://evil.example")],
            &[("referer", "https://sso.example.org/login")],
        ] {
            check_row(row, false);
        }
    }

    #[test]
    fn a_navigation_is_cross_site_according_to_sec_fetch_site() {
        for (row, expected) in [
            (&[][..], false),
            (&[(SITE, "none")], false),
            (&[(SITE, "same-origin")], false),
            (&[(SITE, "same-site")], true),
            (&[(SITE, "cross-site")], true),
            (&[(SITE, "same-origin"), (SITE, "same-origin")], true),
        ] {
            assert_eq!(is_from_another_site(&headers(row)), expected, "{row:?}");
        }
    }

    #[test]
    fn only_a_plain_origin_is_recorded() {
        let long = format!("https://{}.example", "a".repeat(300));
        for (row, expected) in [
            (&[(FROM, "http://10.0.0.7:8001")][..], Some("http://10.0.0.7:8001")),
            (&[(FROM, "null")], Some("null")),
            (&[(FROM, "two words")], None),
            (&[(FROM, &long)], None),
            (&[(FROM, "http://a"), (FROM, "http://b")], None),
            (&[], None),
        ] {
            assert_eq!(shown_origin(&headers(row)), expected, "{row:?}");
        }
    }

    #[test]
    fn only_a_top_level_navigation_is_accepted() {
        const DEST: &str = "sec-fetch-dest";
        for (row, accepted) in [
            (&[][..], true),
            (&[(MODE, "navigate"), (DEST, "document")], true),
            (&[(SITE, "cross-site"), (MODE, "navigate"), (DEST, "document")], true),
            (&[(MODE, "navigate"), (DEST, "iframe")], false),
            (&[(MODE, "no-cors"), (DEST, "image")], false),
            (&[(MODE, "cors"), (DEST, "empty")], false),
            (&[(MODE, "navigate"), (MODE, "navigate")], false),
        ] {
            assert_eq!(check_navigation(&headers(row)).is_ok(), accepted, "{row:?}");
        }
    }
}
