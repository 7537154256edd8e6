//! Hosts that browsers may be redirected to.

use std::str::FromStr;

use url::{Host, Url};

use super::{
    CookieDomain, Origin,
    host_name::{is_host_name, is_public_suffix},
};

/// `app.example.org`, `app.example.org:8443`, `*.example.org`, `192.0.2.1:8080`, `[::1]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnHost {
    host: HostPattern,
    /// `None` is the default port of the scheme.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostPattern {
    Exactly(Host),
    /// Hosts that end with this suffix, which begins with a dot: at least one label before the
    /// domain, never the domain itself.
    Below(String),
}

impl ReturnHost {
    /// Whether it matches hosts of unrelated people, as `*.com` does.
    pub(crate) fn is_open_to_strangers(&self) -> bool {
        matches!(&self.host, HostPattern::Below(suffix) if is_public_suffix(&suffix[1..]))
    }

    /// Whether browsers send the cookies of the service there: cookies of a domain to all hosts in
    /// it, others to the own host alone, on any port.
    pub(crate) fn gets_cookies(&self, own: &Origin, domain: Option<&CookieDomain>) -> bool {
        match (&self.host, domain) {
            (HostPattern::Exactly(host), None) => host.to_string() == own.host(),
            (HostPattern::Exactly(host), Some(domain)) => domain.contains(&host.to_string()),
            (HostPattern::Below(_), None) => false,
            (HostPattern::Below(suffix), Some(domain)) => domain.contains(&suffix[1..]),
        }
    }

    /// Whether the URL is on this host.
    pub(super) fn contains(&self, url: &Url) -> bool {
        let same_port = match self.port {
            None => url.port().is_none(),
            port => url.port_or_known_default() == port,
        };
        same_port && url.host().is_some_and(|host| self.host.matches(&host))
    }
}

impl HostPattern {
    fn matches(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Exactly(exactly), host) => *exactly == host.to_owned(),
            (Self::Below(suffix), Host::Domain(name)) => {
                let labels = name.strip_suffix(suffix);
                labels.is_some_and(|labels| !labels.is_empty() && is_host_name(labels))
            }
            (Self::Below(_), _) => false,
        }
    }
}

impl FromStr for ReturnHost {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("://") {
            return Err("is a URL; write its host[:port] alone, like app.example.org");
        }
        let (host, port) = split_port(text)?;
        let host = match host.strip_prefix("*.") {
            None => HostPattern::Exactly(parse_host(host)?),
            Some(domain) => match parse_host(domain)? {
                Host::Domain(name) => HostPattern::Below(format!(".{name}")),
                Host::Ipv4(_) | Host::Ipv6(_) => return Err("must have a domain name after *."),
            },
        };
        Ok(Self { host, port })
    }
}

/// The colons of an IPv6 address are in brackets.
fn split_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let number = port.parse().ok().filter(|number| *number > 0);
            Ok((host, Some(number.ok_or("must have a port from 1 to 65535 after its colon")?)))
        }
        _ => Ok((text, None)),
    }
}

fn parse_host(text: &str) -> Result<Host, &'static str> {
    match Host::parse(text) {
        Ok(Host::Domain(name)) if name.ends_with('.') => Err("must not end with a dot"),
        Ok(Host::Domain(name)) if name.contains('*') => Err("may contain * only as a leading *."),
        Ok(Host::Domain(name)) if !is_host_name(&name) => {
            Err("contains a character that is not allowed in a host name")
        }
        Ok(host) => Ok(host),
        Err(_) => Err("must be a host[:port] like app.example.org, *.example.org:8443 or [::1]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entry: &str, url: &str, expected: bool) {
        let entry: ReturnHost = entry.parse().unwrap();
        assert_eq!(entry.contains(&url.parse().unwrap()), expected, "{entry:?} {url}");
    }

    #[test]
    fn without_a_port_the_default_port_is_meant() {
        for url in ["https://app.example/", "https://app.example:443/", "http://app.example:80/"] {
            check("app.example", url, true);
        }
        for url in ["https://app.example:8443", "https://app.example:80", "http://app.example:443"]
        {
            check("app.example", url, false);
        }
        check("app.example:8443", "https://app.example:8443/x", true);
        check("app.example:443", "https://app.example/x", true);
        check("app.example:443", "http://app.example/x", false);
        check("app.example:8443", "https://app.example/x", false);
    }

    #[test]
    fn a_wildcard_matches_at_least_one_label() {
        check("*.example.org", "https://app.example.org", true);
        check("*.example.org", "https://a.b.example.org", true);
        check("*.example.org", "https://example.org", false);
        check("*.example.org", "https://notexample.org", false);
        check("*.example.org", "https://app.example.org.evil.example", false);
        check("*.example.org", "https://app.example.org:8443", false);
        check("*.example.org:8443", "https://app.example.org:8443", true);
        check("*.example.org", "https://app.example.org.", false);
    }

    #[test]
    fn a_wildcard_matches_host_names_only() {
        for host in ["a;sandbox;b", "a,b", "'", "a=b", "a.(b)"] {
            check("*.example.org", &format!("https://{host}.example.org"), false);
        }
        check("*.example.org", "https://a_b.example.org", true);
        check("*.example.org", "https://bücher.example.org", true);
    }

    #[test]
    fn shared_hosting_suffixes_are_known() {
        for (entry, expected) in [
            ("*.com", true),
            ("*.co.uk:8443", true),
            ("*.github.io", true),
            ("*.example.com", false),
            ("com", false),
            ("*.internal", false),
        ] {
            let entry: ReturnHost = entry.parse().unwrap();
            assert_eq!(entry.is_open_to_strangers(), expected, "{entry:?}");
        }
    }

    #[test]
    fn hosts_are_compared_as_in_urls() {
        check("APP.example", "https://app.EXAMPLE", true);
        check("bücher.example", "https://xn--bcher-kva.example", true);
        check("127.0.0.1:8080", "http://127.0.0.1:8080/", true);
        check("127.0.0.1:8080", "http://2130706433:8080/", true);
        check("[::1]", "http://[0:0:0:0:0:0:0:1]/", true);
        check("[::1]:8080", "http://[::1]:8080/", true);
        check("app.example", "https://app.example.", false);
    }

    #[test]
    fn cookies_reach_the_own_host_or_the_hosts_of_their_domain() {
        let own: Origin = "https://sso.example.org".parse().unwrap();
        for (entry, alone, in_domain) in [
            ("sso.example.org:8443", true, true),
            ("app.example.org", false, true),
            ("*.example.org", false, true),
            ("*.apps.example.org", false, true),
            ("example.org", false, true),
            ("*.org", false, false),
            ("notexample.org", false, false),
            ("*.notexample.org", false, false),
            ("192.0.2.1", false, false),
        ] {
            let host: ReturnHost = entry.parse().unwrap();
            let domain: CookieDomain = "example.org".parse().unwrap();
            let gets = [None, Some(&domain)].map(|domain| host.gets_cookies(&own, domain));
            assert_eq!(gets, [alone, in_domain], "{entry}");
        }
        let address: Origin = "http://[::1]:8001".parse().unwrap();
        assert!("[::1]:80".parse::<ReturnHost>().unwrap().gets_cookies(&address, None));
    }

    #[test]
    fn a_malformed_host_is_refused() {
        for wrong in [
            "",
            "*",
            "*.",
            "*.*.example",
            "a*.example",
            "*.127.0.0.1",
            "*.[::1]",
            "app.example:0",
            "app.example:65536",
            "app.example:",
            "app.example:x",
            "app.example.",
            "https://app.example",
            "a;b.example",
            "*.a;b",
            "app.example/path",
            "user@app.example",
            "::1",
            "a b",
        ] {
            assert!(wrong.parse::<ReturnHost>().is_err(), "{wrong}");
        }
    }
}
