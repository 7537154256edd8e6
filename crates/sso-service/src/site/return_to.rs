//! Where a browser goes after the log-in. An open redirect would make links to this service lead to
//! any page, so only a URL that parses and whose host is known is used.

use url::Url;

use super::Site;

/// Longer values exceed the header limits of some proxies.
const MAX_RETURN_TO_BYTES: usize = 4096;

/// The page that a browser goes on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RedirectTarget {
    /// The account page: no other page was asked for, or none that is allowed.
    Account,
    /// The page that was asked for, as the parser writes its URL.
    Return(Url),
}

impl RedirectTarget {
    /// The value of `Location`.
    pub(crate) fn location(&self) -> &str {
        match self {
            Self::Account => "/account",
            Self::Return(url) => url.as_str(),
        }
    }

    /// The page that was asked for, if it is allowed.
    pub(crate) fn returning(&self) -> Option<&Url> {
        match self {
            Self::Account => None,
            Self::Return(url) => Some(url),
        }
    }
}

/// Where clients of OpenID Connect send browsers.
pub(crate) const AUTHORIZATION_PATH: &str = "/oauth/authorize";
/// The parameter of that path with the id of a stored request, which goes on there.
pub(crate) const CONTINUED_REQUEST: &str = "continue";
/// Where users name a device by its code.
pub(crate) const DEVICE_PATH: &str = "/device";

impl Site {
    /// Whether an authorization request goes on at this destination. It decides itself whether the
    /// user has to log in.
    pub(crate) fn leads_to_authorization(&self, target: &RedirectTarget) -> bool {
        let is_ours = |url: &Url| self.origin.contains(url) && url.path() == AUTHORIZATION_PATH;
        target.returning().is_some_and(is_ours)
    }

    /// The id of the stored authorization request that goes on at this destination, if one does.
    pub(crate) fn continued_request(&self, target: &RedirectTarget) -> Option<String> {
        let url = target.returning().filter(|_| self.leads_to_authorization(target))?;
        let mut parameters = url.query_pairs();
        parameters.find_map(|(name, id)| (name == CONTINUED_REQUEST).then(|| id.into_owned()))
    }

    /// Where a request with this `return_to` goes on to.
    pub(crate) fn redirect_target(&self, return_to: Option<&str>) -> RedirectTarget {
        let url = return_to
            .filter(|text| text.len() <= MAX_RETURN_TO_BYTES)
            .and_then(|text| Url::parse(text).ok())
            .filter(|url| self.may_return_to(url));
        url.map_or(RedirectTarget::Account, RedirectTarget::Return)
    }

    fn may_return_to(&self, url: &Url) -> bool {
        let good_scheme = match url.scheme() {
            "https" => true,
            "http" => !self.origin.is_https(),
            _ => false,
        };
        let anonymous = url.username().is_empty() && url.password().is_none();
        let known =
            || self.origin.contains(url) || self.return_hosts.iter().any(|host| host.contains(url));
        good_scheme && anonymous && known()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::site;

    /// Checks where a request with this `return_to` goes on to.
    #[track_caller]
    fn check(public_url: &str, return_to: &str, expected: &str) {
        let mut site = site(public_url);
        site.return_hosts = ["app.example.org", "dev.example.org:8443", "*.apps.example.org"]
            .map(|host| host.parse().unwrap())
            .into();
        let target = site.redirect_target(Some(return_to));
        assert_eq!(target.location(), expected, "{return_to:?}");
    }

    const HTTPS: &str = "https://sso.example.org";
    const HTTP: &str = "http://127.0.0.1:8001";

    #[test]
    fn a_known_host_is_redirected_to_in_parsed_form() {
        for (asked, spelled) in [
            ("https://app.example.org", "https://app.example.org/"),
            ("https://app.example.org/a?b=c&d#e", "https://app.example.org/a?b=c&d#e"),
            ("HTTPS://APP.example.org:443/A", "https://app.example.org/A"),
            ("https://app%2Eexample.org/", "https://app.example.org/"),
            ("https:app.example.org/a", "https://app.example.org/a"),
            ("https:\\\\app.example.org\\a", "https://app.example.org/a"),
            ("https://app.exam\tple.org/\na", "https://app.example.org/a"),
            ("  https://app.example.org/a b", "https://app.example.org/a%20b"),
            ("https://app.example.org/\u{e9}\"<>", "https://app.example.org/%C3%A9%22%3C%3E"),
            ("https://app.example.org/a/../b", "https://app.example.org/b"),
            ("https://dev.example.org:8443/", "https://dev.example.org:8443/"),
            ("https://a.b.apps.example.org/", "https://a.b.apps.example.org/"),
            ("https://sso.example.org/admin", "https://sso.example.org/admin"),
        ] {
            check(HTTPS, asked, spelled);
        }
        check(HTTP, "http://127.0.0.1:8001/admin", "http://127.0.0.1:8001/admin");
        check(HTTP, "http://app.example.org/", "http://app.example.org/");
        check(HTTP, "https://app.example.org/", "https://app.example.org/");
    }

    #[test]
    fn any_other_url_redirects_to_the_account() {
        let long = format!("https://app.example.org/{}", "a".repeat(MAX_RETURN_TO_BYTES));
        for hostile in [
            "",
            "/",
            "/account",
            "//evil.example",
            "\\\\evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "https://evil.example",
            "https://evil.example/https://app.example.org",
            "https://evil.example?app.example.org",
            "https://evil.example#app.example.org",
            "https://evil.example\\@app.example.org",
            "https://app.example.org@evil.example",
            "https://user@app.example.org",
            "https://user:password@app.example.org",
            "https://:password@app.example.org",
            "https://app.example.org.",
            "https://app.example.org.evil.example",
            "https://notapp.example.org",
            "https://app.example.org:8443",
            "https://app.example.org:80",
            "https://dev.example.org",
            "https://dev.example.org:8444",
            "https://sso.example.org:8443",
            "https://apps.example.org",
            "https://\u{430}pp.example.org",
            "https://app\u{2215}.example.org",
            "https://[::1]",
            "https://127.0.0.1:8001",
            "http://app.example.org",
            "http://sso.example.org",
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            "javascript://app.example.org/%0aalert(1)",
            "data:text/html,x",
            "blob:https://app.example.org/x",
            "filesystem:https://app.example.org/x",
            "ftp://app.example.org",
            "file:///etc/passwd",
            "https://",
            "https://app.example.org:99999",
            "https://app.exa mple.org",
            "https://app%00.example.org",
            "https://a;sandbox;b.apps.example.org",
            "https://a,b.apps.example.org",
            &long,
        ] {
            check(HTTPS, hostile, "/account");
        }
        check(HTTP, "http://127.0.0.1:8002/", "/account");
        check(HTTP, "http://localhost:8001/", "/account");
        check(HTTP, "javascript:alert(1)", "/account");
    }

    #[test]
    fn without_return_to_a_log_in_redirects_to_the_account() {
        assert_eq!(site(HTTPS).redirect_target(None), RedirectTarget::Account);
    }
}
