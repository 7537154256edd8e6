//! The addresses of clients.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// The longest address, in bytes.
const MAX_BYTES: usize = 2048;

/// An address of a client: an absolute URI over https, or over http at the loopback addresses
/// `127.0.0.1` and `[::1]`, without user and fragment (RFC 6749, section 3.1.2; RFC 8252, section
/// 8.3). It is spelled as the parser writes it, so that addresses are compared by their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientUri(Url);

impl ClientUri {
    /// The address.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host of the address.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether a client may have itself called at an address with this registered one: the same, or
    /// for a loopback address the same but for its port (RFC 8252, section 7.3).
    pub(crate) fn permits(&self, asked: &str) -> bool {
        if self.as_str() == asked {
            return true;
        }
        let with_port_of_own = |mut other: Url| {
            other.set_port(self.0.port()).ok()?;
            Some(other)
        };
        is_loopback(&self.0)
            && asked
                .parse::<Self>()
                .is_ok_and(|other| with_port_of_own(other.0).as_ref() == Some(&self.0))
    }

    /// The address with these parameters added to its query.
    pub(crate) fn with_parameters(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(ip)) => ip.octets() == [127, 0, 0, 1],
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            _ => false,
        }
}

impl FromStr for ClientUri {
    type Err = InvalidClientUri;

    fn from_str(text: &str) -> Result<Self, InvalidClientUri> {
        if text.len() > MAX_BYTES {
            return Err(InvalidClientUri);
        }
        let url = Url::parse(text).map_err(|_| InvalidClientUri)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_safe = is_loopback(&url) || (url.scheme() == "https" && !text.contains('*'));
        // Another spelling of the same address would be compared as another one.
        let is_canonical = url.as_str() == text;
        if is_plain && is_safe && is_canonical && url.fragment().is_none() {
            return Ok(Self(url));
        }
        Err(InvalidClientUri)
    }
}

impl fmt::Display for ClientUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no address of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an https URL (http only at 127.0.0.1 or [::1]) in its normal form, with a path and \
     without user, wildcard and fragment"
)]
pub(crate) struct InvalidClientUri;

/// An address over https, at which the service itself calls a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallbackUri(ClientUri);

impl CallbackUri {
    /// The address.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for CallbackUri {
    type Err = InvalidCallbackUri;

    fn from_str(text: &str) -> Result<Self, InvalidCallbackUri> {
        let uri: ClientUri = text.parse().map_err(|_| InvalidCallbackUri)?;
        if uri.0.scheme() == "https" { Ok(Self(uri)) } else { Err(InvalidCallbackUri) }
    }
}

/// The text is no address that the service calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an https URL in its normal form, with a path and without user and fragment")]
pub(crate) struct InvalidCallbackUri;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_of_a_client_is_over_https_or_at_the_loopback_address() {
        for (text, expected) in [
            ("https://app.example.org/callback", true),
            ("https://app.example.org:8443/callback?tenant=1", true),
            ("http://127.0.0.1/callback", true),
            ("http://127.0.0.1:8080/", true),
            ("http://[::1]:8080/callback", true),
            ("https://app.example.org", false),
            ("http://app.example.org/callback", false),
            ("http://localhost/callback", false),
            ("http://127.0.0.2/callback", false),
            ("http://127.1/callback", false),
            ("https://user@app.example.org/", false),
            ("https://app.example.org/#fragment", false),
            ("https://app.example.org/#", false),
            ("https://*.example.org/", false),
            ("https://app.example.org/a/../b", false),
            ("https://APP.example.org/", false),
            ("https://app.example.org:443/", false),
            ("https:app.example.org/", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("/callback", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<ClientUri>().is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn only_the_registered_address_is_permitted() {
        const APP: &str = "https://app.example.org/callback";
        const HERE: &str = "http://127.0.0.1/callback";
        for (registered, asked, expected) in [
            (APP, APP, true),
            (APP, "https://app.example.org/callback/", false),
            (APP, "https://app.example.org/callback?x=1", false),
            (APP, "https://app.example.org/callback/../callback", false),
            (APP, "https://app.example.org/callback%2F..", false),
            (APP, "https://app.example.org:444/callback", false),
            (APP, "https://app.example.org.evil.example/callback", false),
            (APP, "https://app.example.org@evil.example/callback", false),
            (APP, "https://evil.example/callback", false),
            (APP, "https://APP.example.org/callback", false),
            (APP, "http://app.example.org/callback", false),
            (APP, "https://app.example.org/callback#x", false),
            (APP, "", false),
            (HERE, "http://127.0.0.1:51234/callback", true),
            (HERE, "http://127.0.0.1/callback", true),
            ("http://127.0.0.1:80/callback", "http://127.0.0.1:51234/callback", false),
            ("http://127.0.0.1:9/callback", "http://127.0.0.1:51234/callback", true),
            ("http://[::1]/callback", "http://[::1]:51234/callback", true),
            (HERE, "http://127.0.0.1:51234/other", false),
            (HERE, "http://127.0.0.1:51234/callback?x=1", false),
            (HERE, "http://localhost:51234/callback", false),
            (HERE, "http://[::1]:51234/callback", false),
            (HERE, "https://127.0.0.1:51234/callback", false),
            (HERE, "http://user@127.0.0.1:51234/callback", false),
        ] {
            let permits = registered.parse::<ClientUri>().is_ok_and(|uri| uri.permits(asked));
            assert_eq!(permits, expected, "{registered} {asked}");
        }
    }

    #[test]
    fn parameters_are_added_to_those_of_the_address() {
        for (uri, expected) in [
            ("https://a.example/c", "https://a.example/c?code=x%26y&state=+"),
            ("https://a.example/c?t=1", "https://a.example/c?t=1&code=x%26y&state=+"),
        ] {
            let uri: ClientUri = uri.parse().unwrap();
            assert_eq!(uri.with_parameters(&[("code", "x&y"), ("state", " ")]), expected);
        }
    }
}
