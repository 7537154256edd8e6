//! The cookies that carry the tokens of a browser.

use actix_web::{
    HttpResponseBuilder,
    cookie::{Cookie, SameSite, time::Duration},
    http::header::HeaderMap,
};

use chrono::{DateTime, Utc};
use service_runtime::http::{Result, cookie_values};

use crate::{authority::LoggedIn, site::Site};

/// A cookie that carries a token.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) enum TokenCookie {
    /// The session token, for every path.
    Session,
    /// The refresh token, for the one path that reads it.
    Refresh,
}

impl TokenCookie {
    /// The only name that is set and read. Browsers enforce its prefix (RFC 6265bis §4.1.3):
    /// `__Host-` binds a cookie to this host and to https, `__Secure-` to https.
    fn name(self, site: &Site) -> &'static str {
        let https = site.origin().is_https();
        match self {
            Self::Session if https && site.cookie_domain().is_none() => "__Host-session_id",
            Self::Session => "session_id",
            Self::Refresh if https => "__Secure-refresh_token",
            Self::Refresh => "refresh_token",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Session => "/",
            Self::Refresh => "/auth/refresh",
        }
    }

    /// The different values in a request's headers.
    pub(in crate::http) fn values_in<'a>(
        self,
        headers: &'a HeaderMap,
        site: &Site,
    ) -> Result<Vec<&'a [u8]>> {
        cookie_values(headers, self.name(site))
    }

    fn holding<'a>(self, value: &'a str, lifetime: Duration, site: &'a Site) -> Cookie<'a> {
        let mut cookie = Cookie::build(self.name(site), value)
            .path(self.path())
            .max_age(lifetime)
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(site.origin().is_https())
            .finish();
        if let Some(domain) = site.cookie_domain() {
            cookie.set_domain(domain.as_str());
        }
        cookie
    }
}

/// Sets both tokens as cookies. The session cookie lives as long as the refresh cookie: an expired
/// token still names the session that a log-out ends, where the refresh cookie is not sent.
pub(in crate::http) fn give(response: &mut HttpResponseBuilder, logged_in: &LoggedIn, site: &Site) {
    let (token, refresh_token) = (logged_in.token.expose(), logged_in.refresh_token.expose());
    let lives =
        |until: DateTime<Utc>| Duration::seconds((until - logged_in.issued_at).num_seconds());
    let refreshable = lives(logged_in.refresh_expires_at.max(logged_in.expires_at));
    let refresh_lives = lives(logged_in.refresh_expires_at);
    response
        .cookie(TokenCookie::Session.holding(token, refreshable, site))
        .cookie(TokenCookie::Refresh.holding(refresh_token, refresh_lives, site));
}

/// Expires both cookies.
pub(in crate::http) fn take_back(response: &mut HttpResponseBuilder, site: &Site) {
    for cookie in [TokenCookie::Session, TokenCookie::Refresh] {
        response.cookie(cookie.holding("", Duration::ZERO, site));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{
        HttpResponse,
        http::header::{COOKIE, HeaderValue, SET_COOKIE},
    };

    use super::*;
    use crate::{
        login_guard::TypedCredentials,
        sessions::Client,
        test_service::{PASSWORD, TestService, site, site_with_domain},
    };

    const HTTP: &str = "http://127.0.0.1:8001";
    const HTTPS: &str = "https://sso.example.org";

    async fn logged_in() -> LoggedIn {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let client = Client::new([127, 0, 0, 1].into(), None);
        let typed = TypedCredentials { name: "alice", password: PASSWORD };
        service.authority.login(typed, client, "r-1").await.unwrap()
    }

    /// The `Set-Cookie` lines of an answer.
    fn lines(mut response: HttpResponseBuilder) -> Vec<String> {
        let response: HttpResponse = response.finish();
        let lines = response.headers().get_all(SET_COOKIE);
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    #[actix_web::test]
    async fn cookie_attributes_follow_the_public_url() {
        let logged_in = logged_in().await;
        let (token, refresh) = (logged_in.token.expose(), logged_in.refresh_token.expose());
        for (site, session_cookie, refresh_cookie) in [
            (
                site(HTTP),
                format!("session_id={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age=28800"),
                format!(
                    "refresh_token={refresh}; HttpOnly; SameSite=Lax; Path=/auth/refresh; \
                     Max-Age=28800"
                ),
            ),
            (
                site(HTTPS),
                format!(
                    "__Host-session_id={token}; HttpOnly; SameSite=Lax; Secure; Path=/; \
                     Max-Age=28800"
                ),
                format!(
                    "__Secure-refresh_token={refresh}; HttpOnly; SameSite=Lax; Secure; \
                     Path=/auth/refresh; Max-Age=28800"
                ),
            ),
            (
                site_with_domain(HTTPS, "example.org"),
                format!(
                    "session_id={token}; HttpOnly; SameSite=Lax; Secure; Path=/; \
                     Domain=example.org; Max-Age=28800"
                ),
                format!(
                    "__Secure-refresh_token={refresh}; HttpOnly; SameSite=Lax; Secure; \
                     Path=/auth/refresh; Domain=example.org; Max-Age=28800"
                ),
            ),
        ] {
            let mut response = HttpResponse::Ok();
            give(&mut response, &logged_in, &site);
            assert_eq!(lines(response), [session_cookie, refresh_cookie]);
        }
    }

    #[test]
    fn the_issued_cookies_are_removed() {
        let mut response = HttpResponse::Ok();
        take_back(&mut response, &site_with_domain(HTTPS, "example.org"));
        let attributes = "HttpOnly; SameSite=Lax; Secure;";
        let expected = [
            format!("session_id=; {attributes} Path=/; Domain=example.org; Max-Age=0"),
            format!(
                "__Secure-refresh_token=; {attributes} Path=/auth/refresh; Domain=example.org; \
                 Max-Age=0"
            ),
        ];
        assert_eq!(lines(response), expected);
    }

    #[track_caller]
    fn check_read(site: &Site, line: &'static str, expected: &[&str]) {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static(line));
        let values = TokenCookie::Session.values_in(&headers, site).unwrap();
        let expected: Vec<_> = expected.iter().map(|value| value.as_bytes()).collect();
        assert_eq!(values, expected, "{line}");
    }

    #[test]
    fn only_cookies_of_the_one_name_are_read() {
        let (http, https) = (site(HTTP), site(HTTPS));
        let shared = site_with_domain(HTTPS, "example.org");
        for (site, line, values) in [
            (&http, "session_id=x", &["x"][..]),
            (&http, "session_id=x; session_id=y", &["x", "y"]),
            (&http, "__Host-session_id=x", &[]),
            (&http, "refresh_token=x", &[]),
            (&https, "session_id=x", &[]),
            (&https, "session_id=x; __Host-session_id=y", &["y"]),
            (&shared, "session_id=x; __Host-session_id=y", &["x"]),
        ] {
            check_read(site, line, values);
        }
    }
}
