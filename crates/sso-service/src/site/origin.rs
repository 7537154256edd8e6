//! Origins (RFC 6454): scheme, host and port.

use std::{net::SocketAddr, str::FromStr};

use service_runtime::settings::http_url;
use url::Url;

use super::host_name::is_host_name;

/// An origin with the scheme http or https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// With the path `/`.
    url: Url,
    /// The origin as browsers write it in the header `Origin`.
    spelled: String,
}

impl Origin {
    /// The origin of a listener, with a scheme (`http`, `https`).
    pub(crate) fn of_listener(scheme: &str, address: SocketAddr) -> Self {
        #[expect(clippy::expect_used, reason = "an address is always a host and a port")]
        format!("{scheme}://{address}").parse().expect("a socket address makes an origin")
    }

    /// Whether a header `Origin` names this origin. Browsers write each origin in one way only: in
    /// lower case, without the default port, and with nothing after it.
    pub(crate) fn is_named_by(&self, header: &[u8]) -> bool {
        self.spelled.as_bytes() == header
    }

    /// The origin as browsers write it in the header `Origin`.
    pub(crate) fn as_str(&self) -> &str {
        &self.spelled
    }

    /// Whether the scheme is https.
    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host as in a URL.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the URL is of this origin.
    pub(crate) fn contains(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    /// Parses a URL without a path. Case, the default port and a final `/` make no difference.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('*') {
            return Err(
                "must not contain *; write each origin in full, like https://app.example.org",
            );
        }
        let url = http_url(text)?;
        if url.path() != "/" {
            return Err("must not contain a path");
        }
        if url.domain().is_some_and(|host| !is_host_name(host)) {
            return Err("contains a character that is not allowed in a host name");
        }
        Ok(Self { spelled: url.origin().ascii_serialization(), url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(configured: &str, header: &str, expected: bool) {
        let origin: Origin = configured.parse().unwrap();
        assert_eq!(origin.is_named_by(header.as_bytes()), expected, "{configured} {header}");
    }

    #[test]
    fn a_browser_names_a_configured_origin_in_one_way() {
        for configured in
            ["https://sso.example", "https://sso.example/", "HTTPS://SSO.Example:443/"]
        {
            check(configured, "https://sso.example", true);
        }
        check("https://sso.example:8443", "https://sso.example:8443", true);
        check("http://[::1]:8001", "http://[::1]:8001", true);
        check("https://bücher.example", "https://xn--bcher-kva.example", true);
    }

    #[test]
    fn another_spelling_is_not_from_a_browser() {
        for header in [
            "",
            "null",
            "http://sso.example",
            "https://sso.example/",
            "https://sso.example:443",
            "https://SSO.example",
            "https://sso.example.",
            "https://sso.example.evil.example",
            "https://evil-sso.example",
            "https://sso.example:8443",
            "https://sso.example https://evil.example",
            "sso.example",
        ] {
            check("https://sso.example", header, false);
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        for wrong in [
            "https://x/path",
            "https://x?a",
            "https://u@x",
            "ftp://x",
            "null",
            "*",
            "x",
            "https://*.x",
            "https://a;b",
        ] {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_listener_is_an_origin() {
        let spelled =
            |scheme, address: &str| Origin::of_listener(scheme, address.parse().unwrap()).spelled;
        assert_eq!(spelled("http", "127.0.0.1:8001"), "http://127.0.0.1:8001");
        assert_eq!(spelled("http", "[::1]:80"), "http://[::1]");
        assert_eq!(spelled("https", "[::1]:443"), "https://[::1]");
    }
}
