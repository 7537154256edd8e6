//! The domain that shares the service's cookies.

use std::str::FromStr;

use url::Host;

use super::{
    Origin,
    host_name::{is_host_name, is_public_suffix},
};

/// A domain name of at least two labels. Browsers refuse cookies for a shorter one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CookieDomain(String);

impl CookieDomain {
    /// Whether a browser accepts a cookie for this domain from that origin (RFC 6265 §5.1.3).
    pub(crate) fn covers(&self, origin: &Origin) -> bool {
        self.contains(origin.host())
    }

    /// Whether a host name is the domain, or below it.
    pub(super) fn contains(&self, host: &str) -> bool {
        let rest = host.strip_suffix(self.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Whether unrelated people own hosts in it. Browsers then refuse cookies for it.
    pub(crate) fn is_public_suffix(&self) -> bool {
        is_public_suffix(&self.0)
    }

    /// The domain as in the attribute `Domain`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CookieDomain {
    type Err = &'static str;

    /// A leading dot, as in old specifications, changes nothing.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_prefix('.').unwrap_or(text);
        match Host::parse(text) {
            Ok(Host::Domain(name)) if name.ends_with('.') => Err("must not end with a dot"),
            Ok(Host::Domain(name)) if !name.contains('.') => {
                Err("has a single label: browsers refuse cookies for it")
            }
            Ok(Host::Domain(name)) if !is_host_name(&name) => {
                Err("contains a character that is not allowed in a host name")
            }
            Ok(Host::Domain(name)) => Ok(Self(name)),
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => Err("must be a domain name, not an IP address"),
            Err(_) => Err("must be a domain name"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(domain: &str, origin: &str, expected: bool) {
        let domain: CookieDomain = domain.parse().unwrap();
        assert_eq!(domain.covers(&origin.parse().unwrap()), expected, "{domain:?} {origin}");
    }

    #[test]
    fn a_domain_covers_itself_and_its_subdomains() {
        for domain in ["example.org", ".example.org", "EXAMPLE.org"] {
            check(domain, "https://example.org", true);
            check(domain, "https://sso.example.org:8443", true);
            check(domain, "https://a.sso.example.org", true);
            check(domain, "https://notexample.org", false);
            check(domain, "https://example.org.evil.example", false);
            check(domain, "http://127.0.0.1:8001", false);
        }
        check("sso.example.org", "https://example.org", false);
    }

    #[test]
    fn a_malformed_domain_is_refused() {
        for wrong in [
            "",
            ".",
            "org",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "a b.org",
            "a;b.org",
            "a.org:80",
            "a.org.",
        ] {
            assert!(wrong.parse::<CookieDomain>().is_err(), "{wrong}");
        }
    }
}
