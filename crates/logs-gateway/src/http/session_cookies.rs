//! Finds the session token of a request, in its header or its cookies.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use service_runtime::http::{Problem, Result, authorization, cookie_values};
use shared_types::{BearerToken, TokenKind};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names of cookies that may carry a session token. The first one that is present counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionCookies(&'static [&'static str]);

impl SessionCookies {
    /// Over https the authority's cookie is tied to this host, if both share it, or sent to all
    /// hosts of a domain. A browser takes a name with the prefix over https only (RFC 6265bis
    /// §4.1.3.2), and it goes first, since other hosts of the domain cannot have set it.
    pub(crate) fn read_over(scheme: &str) -> Self {
        if scheme == "https" {
            Self(&["__Host-session_id", "session_id"])
        } else {
            Self(&["session_id"])
        }
    }

    /// The tokens of a request, at least one: from its header, else from cookies, of which several
    /// may have the same name. For endpoints that browsers read.
    pub(super) fn tokens_of(self, headers: &HeaderMap) -> Result<Vec<BearerToken>> {
        let tokens = match authorization(headers)? {
            Some(token) => vec![token],
            None => self.tokens_in_cookies(headers)?,
        };
        if tokens.is_empty() { Err(Problem::not_authenticated()) } else { Ok(tokens) }
    }

    /// With an `Authorization` header cookies are ignored, whatever it holds.
    fn tokens_in_cookies(self, headers: &HeaderMap) -> Result<Vec<BearerToken>> {
        if headers.contains_key(AUTHORIZATION) || !may_use_cookies(headers) {
            return Ok(Vec::new());
        }
        for name in self.0 {
            let values = cookie_values(headers, name)?;
            if !values.is_empty() {
                return parse(&values);
            }
        }
        Ok(Vec::new())
    }
}

/// The tokens among the values of a cookie.
fn parse(values: &[&[u8]]) -> Result<Vec<BearerToken>> {
    let tokens = values.iter().filter_map(|value| BearerToken::parse(value).ok());
    // No cookie is ever given a key.
    let tokens: Vec<_> = tokens.filter(|token| token.kind() != Some(TokenKind::ApiKey)).collect();
    // A browser cannot correct a malformed cookie: it counts as an invalid token.
    if tokens.is_empty() { Err(Problem::invalid_token()) } else { Ok(tokens) }
}

/// False if another site caused the request. Old browsers and other clients do not send the header.
fn may_use_cookies(headers: &HeaderMap) -> bool {
    headers.get_all(SEC_FETCH_SITE).all(|site| matches!(site.as_bytes(), b"none" | b"same-origin"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    /// The tokens, or the code of the problem.
    #[track_caller]
    fn check(scheme: &str, headers: &[(&'static str, &'static str)], expected: &str) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let found = match SessionCookies::read_over(scheme).tokens_of(&map) {
            Ok(tokens) => tokens.iter().map(BearerToken::expose).collect::<Vec<_>>().join(" "),
            Err(problem) => problem.code().to_owned(),
        };
        assert_eq!(found, expected, "{headers:?}");
    }

    #[test]
    fn a_header_takes_precedence_over_a_cookie() {
        let cookie = ("cookie", "session_id=c");
        check("http", &[("authorization", "Bearer b"), cookie], "b");
        check("http", &[("authorization", "Basic YTpi"), cookie], "not_authenticated");
        check("http", &[("authorization", "Bearer"), cookie], "invalid_request");
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        for value in ["session_id=c", "a=b; session_id=c;x", "a=session_id=d;session_id=c"] {
            check("http", &[("cookie", value)], "c");
        }
        check("http", &[("cookie", "a=b"), ("cookie", "session_id=c")], "c");
        for value in ["", "session_id", "session_id=", "xsession_id=c", "Session_id=c"] {
            check("http", &[("cookie", value)], "not_authenticated");
        }
        check("http", &[("cookie", "session_id=a b")], "invalid_token");
        check("http", &[("cookie", "session_id=a b; session_id=c; session_id=d")], "c d");
        let many = "session_id=1; session_id=2; session_id=3; session_id=4; session_id=5";
        check("http", &[("cookie", many)], "duplicate_cookie");
    }

    #[test]
    fn over_https_the_cookie_of_this_host_takes_precedence() {
        let both = ("cookie", "session_id=domain; __Host-session_id=host");
        check("https", &[both], "host");
        check("https", &[("cookie", "session_id=domain")], "domain");
        check("https", &[("cookie", "session_id=domain; __Host-session_id=")], "domain");
        check("http", &[both], "domain");
        check("http", &[("cookie", "__Host-session_id=host")], "not_authenticated");
    }

    #[test]
    fn a_cookie_counts_only_for_requests_from_this_site() {
        let cookie = ("cookie", "session_id=c");
        for site in ["none", "same-origin"] {
            check("http", &[cookie, ("sec-fetch-site", site)], "c");
        }
        for site in ["same-site", "cross-site", "", "None", "whatever"] {
            check("http", &[cookie, ("sec-fetch-site", site)], "not_authenticated");
            check("http", &[("authorization", "Bearer b"), ("sec-fetch-site", site)], "b");
        }
        let twice = [cookie, ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")];
        check("http", &twice, "not_authenticated");
    }
}
