//! The settings that concern browsers.

use super::{CookieDomain, Origin, ReturnHost, SiteTitle};

/// The settings that concern browsers. The rest of a site is known once the listener has an
/// address.
#[derive(Debug, Clone, Default)]
pub(crate) struct SiteSettings {
    /// The address of the service for browsers, if it is not the listener.
    pub(crate) public_url: Option<Origin>,
    /// The domain of the cookies, if it is not the own host alone. It contains the public URL.
    pub(crate) cookie_domain: Option<CookieDomain>,
    /// The origins whose scripts may call the service with cookies.
    pub(crate) allowed_origins: Vec<Origin>,
    /// Where a browser may be sent to after it logged in.
    pub(crate) return_hosts: Vec<ReturnHost>,
    /// What pages and mails call the service, if not by its host.
    pub(crate) title: Option<SiteTitle>,
}

impl SiteSettings {
    /// The site of a service with this listener.
    pub(crate) fn at(self, listener: Origin) -> Site {
        Site {
            origin: self.public_url.unwrap_or(listener),
            cookie_domain: self.cookie_domain,
            allowed_origins: self.allowed_origins,
            return_hosts: self.return_hosts,
            title: self.title,
        }
    }
}

/// How browsers see the service. Nothing of it is ever taken from a request.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(super) origin: Origin,
    cookie_domain: Option<CookieDomain>,
    allowed_origins: Vec<Origin>,
    pub(super) return_hosts: Vec<ReturnHost>,
    title: Option<SiteTitle>,
}

impl Site {
    /// Where browsers find the service.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What pages and mails call the service: the title that is configured, else the host.
    pub(crate) fn title(&self) -> &str {
        self.title.as_ref().map_or(self.origin.host(), SiteTitle::as_str)
    }

    /// The link to the page where a user sets a new password by this secret.
    pub(crate) fn reset_link(&self, secret: &str) -> String {
        format!("{}/reset?token={secret}", self.origin.as_str())
    }

    /// Whose cookies the service's are, if not its own host's.
    pub(crate) fn cookie_domain(&self) -> Option<&CookieDomain> {
        self.cookie_domain.as_ref()
    }

    /// Whether any other origin's scripts may call.
    pub(crate) fn has_allowed_origins(&self) -> bool {
        !self.allowed_origins.is_empty()
    }

    /// Whether the scripts of the origin that a header names may call with cookies.
    pub(crate) fn allows(&self, origin: &[u8]) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed.is_named_by(origin))
    }

    /// Whether a request from the origin that a header names may act for the user.
    pub(crate) fn trusts(&self, origin: &[u8]) -> bool {
        self.origin.is_named_by(origin) || self.allows(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENER: &str = "http://127.0.0.1:8001";
    const PUBLIC: &str = "https://sso.example.org";
    const APP: &str = "https://app.example.org";

    fn site(settings: SiteSettings) -> Site {
        settings.at(LISTENER.parse().unwrap())
    }

    fn public_site() -> Site {
        site(SiteSettings {
            public_url: Some(PUBLIC.parse().unwrap()),
            cookie_domain: Some("example.org".parse().unwrap()),
            allowed_origins: vec![APP.parse().unwrap()],
            title: Some("Example logs".parse().unwrap()),
            ..SiteSettings::default()
        })
    }

    #[test]
    fn site_without_settings_is_its_listener_alone() {
        let site = site(SiteSettings::default());
        assert_eq!(site.origin().as_str(), LISTENER);
        assert_eq!(site.cookie_domain(), None);
        assert_eq!(site.title(), "127.0.0.1");
        assert!(!site.has_allowed_origins());
        assert!(site.trusts(LISTENER.as_bytes()));
        assert!(!site.trusts(PUBLIC.as_bytes()));
    }

    #[test]
    fn site_has_the_configured_origin_and_domain() {
        let site = public_site();
        assert_eq!((site.origin().as_str(), site.title()), (PUBLIC, "Example logs"));
        assert_eq!(site.cookie_domain().map(CookieDomain::as_str), Some("example.org"));
        assert!(site.has_allowed_origins());
    }

    #[test]
    fn only_the_own_and_allowed_origins_are_trusted() {
        let site = public_site();
        for (origin, allowed, trusted) in [
            (PUBLIC, false, true),
            (APP, true, true),
            (LISTENER, false, false),
            ("https://evil.example", false, false),
            ("", false, false),
        ] {
            let origin = origin.as_bytes();
            assert_eq!(
                (site.allows(origin), site.trusts(origin)),
                (allowed, trusted),
                "{origin:?}"
            );
        }
    }
}
