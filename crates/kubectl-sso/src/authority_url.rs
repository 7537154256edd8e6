//! The URL of the authority, as the user enters it.

use std::fmt::{self, Display};

use sha2::{Digest, Sha256};
use url::{Host, Url};

/// The URL of an authority to which a password may be sent: https, or plain http that stays on
/// this machine. Two spellings of the same URL are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorityUrl(Url);

impl AuthorityUrl {
    /// # Errors
    /// When the text is not a valid URL.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut url = base_url(text)?;
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err("is plain http to another machine: passwords go over https only");
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL of a path of the authority, which may live below a path itself.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// SHA-256 in hexadecimal digits: the name of its files.
    pub(crate) fn hash(&self) -> String {
        let digest = Sha256::digest(self.to_string());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Display for AuthorityUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// An `http://` or `https://` URL without user, query and fragment.
///
/// # Errors
/// When it is something else.
pub(crate) fn base_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("must begin with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not contain a query or fragment");
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        // The HTTP client asks no resolver for this name.
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_machine_over_https_only() {
        for (text, accepted) in [
            ("https://sso.example", true),
            ("https://10.0.0.1:8001/id", true),
            ("http://127.0.0.1:8001", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:8001", true),
            ("http://localhost:8001", true),
            ("http://LOCALHOST", true),
            ("http://sso.example", false),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0:8001", false),
            ("http://localhost.example", false),
            ("http://[::ffff:10.0.0.1]", false),
            ("https://user:password@sso.example", false),
            ("https://sso.example?x=1", false),
            ("ftp://sso.example", false),
            ("sso.example", false),
        ] {
            assert_eq!(AuthorityUrl::parse(text).is_ok(), accepted, "{text}");
        }
    }

    #[test]
    fn spellings_of_one_url_are_equal() {
        let hash = |text| AuthorityUrl::parse(text).unwrap().hash();
        for (one, other, same) in [
            ("https://sso.example", "https://sso.example/", true),
            ("https://sso.example", "HTTPS://SSO.example:443", true),
            ("https://sso.example/id", "https://sso.example/id/", true),
            ("https://sso.example", "https://sso.example/id", false),
            ("https://sso.example", "https://sso.example:8001", false),
        ] {
            assert_eq!(hash(one) == hash(other), same, "{one} {other}");
        }
        assert_eq!(hash("https://sso.example").len(), 64);
    }

    #[test]
    fn an_authority_may_live_below_a_path() {
        for (text, shown, login) in [
            ("http://localhost:8001/", "http://localhost:8001", "http://localhost:8001/auth/login"),
            ("https://a.b/id/", "https://a.b/id", "https://a.b/id/auth/login"),
        ] {
            let url = AuthorityUrl::parse(text).unwrap();
            assert_eq!((url.to_string().as_str(), url.at("/auth/login").as_str()), (shown, login));
        }
    }
}
