//! What is configured about browsers.

use std::str::FromStr;

use service_runtime::settings::{Settings, list};

use crate::site::{CookieDomain, Origin, ReturnHost, SiteSettings};

const COOKIE_DOMAIN: &str = "SSO_COOKIE_DOMAIN";
const RETURN_HOSTS: &str = "SSO_RETURN_HOSTS";

/// Reads it. A cookie domain that no browser would take is a fault.
pub(super) fn site(settings: &mut Settings) -> SiteSettings {
    let is_set = settings.has("SSO_PUBLIC_URL") || settings.has("SSO_PUBLIC_URL_FILE");
    let site = SiteSettings {
        public_url: settings.get_or_file("SSO_PUBLIC_URL", str::parse),
        cookie_domain: settings.get(COOKIE_DOMAIN, str::parse),
        allowed_origins: listed(settings, "SSO_ALLOWED_ORIGINS"),
        return_hosts: listed(settings, RETURN_HOSTS),
        title: settings.get("SSO_TITLE", str::parse),
    };
    // A public URL that is set and wrong was a fault already.
    if site.public_url.is_some() || !is_set {
        check_cookie_domain(settings, &site);
    }
    check_return_hosts(settings, &site);
    warn(settings, &site);
    site
}

/// Warns of settings that lock every browser out, or let every site in.
fn warn(settings: &mut Settings, site: &SiteSettings) {
    if site.cookie_domain.as_ref().is_some_and(CookieDomain::is_public_suffix) {
        settings.warn(
            COOKIE_DOMAIN,
            "is a public suffix: browsers refuse cookies for it, so no user can log in on a page",
        );
    }
    if site.return_hosts.iter().any(ReturnHost::is_open_to_strangers) {
        settings.warn(
            RETURN_HOSTS,
            "has an entry below which everybody can register a host, like *.com: a link to the \
             log-in can then lead to anybody's page",
        );
    }
}

/// A return host without the cookies would be redirected for ever: a proxy there asks for the
/// session, the browser renews it here, and returns without it.
fn check_return_hosts(settings: &mut Settings, site: &SiteSettings) {
    if site.public_url.as_ref().is_some_and(|own| has_host_without_cookies(own, site)) {
        settings.fault(
            RETURN_HOSTS,
            "has an entry to which browsers do not send the cookies; set SSO_COOKIE_DOMAIN to a \
             domain that contains it",
        );
    }
}

fn has_host_without_cookies(own: &Origin, site: &SiteSettings) -> bool {
    let domain = site.cookie_domain.as_ref();
    site.return_hosts.iter().any(|host| !host.gets_cookies(own, domain))
}

fn listed<T: FromStr<Err = &'static str>>(settings: &mut Settings, name: &'static str) -> Vec<T> {
    settings.get(name, |text| list(text, str::parse)).unwrap_or_default()
}

fn check_cookie_domain(settings: &mut Settings, site: &SiteSettings) {
    let covered = |domain: &CookieDomain| site.public_url.as_ref().map(|url| domain.covers(url));
    match site.cookie_domain.as_ref().map(covered) {
        Some(None) => settings.fault(COOKIE_DOMAIN, "needs SSO_PUBLIC_URL to be set"),
        Some(Some(false)) => {
            settings.fault(COOKIE_DOMAIN, "is not the domain of SSO_PUBLIC_URL, nor above it");
        }
        None | Some(Some(true)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<SiteSettings, String> {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut settings = Settings::read("SSO_", owned.collect::<Vec<_>>());
        let site = site(&mut settings);
        settings.finish().map(|_| site).map_err(|faults| faults.to_string())
    }

    #[test]
    fn every_site_setting_is_read() {
        let site = read(&[
            ("SSO_PUBLIC_URL", "https://sso.example.org/"),
            ("SSO_COOKIE_DOMAIN", "example.org"),
            ("SSO_ALLOWED_ORIGINS", "https://app.example.org, http://localhost:3000"),
            ("SSO_RETURN_HOSTS", "app.example.org,*.apps.example.org:8443"),
            ("SSO_TITLE", "Example logs"),
        ])
        .unwrap();
        assert_eq!(site.public_url.unwrap(), "https://sso.example.org".parse().unwrap());
        assert_eq!(site.cookie_domain.unwrap().as_str(), "example.org");
        assert_eq!((site.allowed_origins.len(), site.return_hosts.len()), (2, 2));
        assert_eq!(site.title.unwrap().as_str(), "Example logs");
    }

    #[track_caller]
    fn check_warning(variables: &[(&str, &str)], warning: &str) {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut settings = Settings::read("SSO_", owned.collect::<Vec<_>>());
        site(&mut settings);
        let warnings = settings.finish().unwrap().to_string();
        assert_eq!(warnings.lines().count(), usize::from(!warning.is_empty()), "{warnings}");
        assert!(warnings.contains(warning), "{warnings}");
    }

    #[test]
    fn risky_site_settings_are_warned_of() {
        let url = ("SSO_PUBLIC_URL", "https://sso.example.co.uk");
        let domain = |domain| [url, ("SSO_COOKIE_DOMAIN", domain)];
        check_warning(&domain("co.uk"), "warning: SSO_COOKIE_DOMAIN: is a public suffix");
        check_warning(&domain("example.co.uk"), "");
        check_warning(&[("SSO_RETURN_HOSTS", "*.com")], "warning: SSO_RETURN_HOSTS: has an entry");
        check_warning(&[("SSO_RETURN_HOSTS", "*.example.com,com")], "");
        let hosts = ("SSO_RETURN_HOSTS", "sso.example.co.uk:8443,app.example.co.uk");
        check_warning(&[url, hosts, ("SSO_COOKIE_DOMAIN", "example.co.uk")], "");
    }

    #[track_caller]
    fn check_fault(variables: &[(&str, &str)], fault: &str) {
        let faults = read(variables).unwrap_err();
        assert_eq!(faults.lines().count(), 1, "{faults}");
        assert!(faults.contains(fault), "{faults}");
    }

    #[test]
    fn one_fault_is_one_line() {
        let domain = ("SSO_COOKIE_DOMAIN", "example.org");
        for (variables, fault) in [
            (
                &[("SSO_PUBLIC_URL", "https://x/base")][..],
                "SSO_PUBLIC_URL: must not contain a path",
            ),
            (&[("SSO_PUBLIC_URL", "sso"), domain], "SSO_PUBLIC_URL: must be a URL"),
            (&[domain], "SSO_COOKIE_DOMAIN: needs SSO_PUBLIC_URL"),
            (
                &[
                    ("SSO_PUBLIC_URL", "https://sso.example.org"),
                    ("SSO_RETURN_HOSTS", "sso.example.org:8443,app.example.org"),
                ],
                "SSO_RETURN_HOSTS: has an entry to which browsers do not send the cookies",
            ),
            (&[domain, ("SSO_PUBLIC_URL", "https://sso.example")], "SSO_COOKIE_DOMAIN: is not"),
            (
                &[("SSO_ALLOWED_ORIGINS", "https://a,*")],
                "SSO_ALLOWED_ORIGINS: entry 2: must not contain *",
            ),
            (
                &[("SSO_ALLOWED_ORIGINS", "https://*.example.org")],
                "SSO_ALLOWED_ORIGINS: entry 1: must not contain *; write each origin in full",
            ),
            (
                &[("SSO_ALLOWED_ORIGINS", "https://a/b")],
                "SSO_ALLOWED_ORIGINS: entry 1: must not contain a path",
            ),
            (&[("SSO_RETURN_HOSTS", "a,*")], "SSO_RETURN_HOSTS: entry 2: may contain * only"),
            (
                &[("SSO_RETURN_HOSTS", "https://a")],
                "SSO_RETURN_HOSTS: entry 1: is a URL; write its host[:port] alone",
            ),
            (&[("SSO_TITLE", " ")], "SSO_TITLE: must have 1 to 60 characters"),
            (&[("SSO_RETURN_HOSTS", "*.a;b")], "SSO_RETURN_HOSTS: entry 1: contains a character"),
        ] {
            check_fault(variables, fault);
        }
    }
}
