//! The settings of the provider.

use std::{fmt, str::FromStr};

use url::{Host, Url};
use zeroize::Zeroizing;

use super::role_map::RoleMap;

/// The settings of the provider. Never shows the secret.
#[derive(Clone)]
pub(crate) struct UpstreamSettings {
    pub(crate) issuer: Issuer,
    pub(crate) client_id: String,
    pub(crate) client_secret: Zeroizing<String>,
    /// What the log-in page calls it.
    pub(crate) name: String,
    /// The claim with the name of a newcomer.
    pub(crate) username_claim: String,
    /// The claim that decides about roles.
    pub(crate) roles_claim: String,
    /// The roles of values of that claim; `None` if roles are given here.
    pub(crate) roles: Option<RoleMap>,
}

impl fmt::Debug for UpstreamSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The issuer of a provider: an https URL, or an http one of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer(String);

impl Issuer {
    /// As it was configured: tokens have to name it in the same spelling.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, to name the provider by.
    pub(crate) fn host(&self) -> String {
        let url = Url::parse(&self.0).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl FromStr for Issuer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| "must be a URL like https://login.example.org")?;
        if !is_protected(&url) {
            return Err("must begin with https://, or with http:// on this machine");
        }
        let is_plain = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if is_plain { Ok(Self(text.to_owned())) } else { Err("must be a URL of host and path") }
    }
}

/// Whether nobody on the way reads what is sent to a URL: https, or http within this machine.
pub(super) fn is_protected(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_https_or_on_this_machine() {
        for text in [
            "https://login.example.org",
            "https://x/realms/a/",
            "http://127.0.0.1:1",
            "http://[::1]:1",
        ] {
            assert_eq!(text.parse::<Issuer>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "login.example.org",
            "http://login.example.org",
            "ftp://x",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "http://127.0.0.1.example.org",
        ] {
            assert!(text.parse::<Issuer>().is_err(), "{text}");
        }
    }
}
