//! Sites for tests.

use crate::site::{Origin, Site, SiteSettings};

/// The site of a service with this public URL.
pub(crate) fn site(public_url: &str) -> Site {
    settings(public_url).at(listener())
}

/// A site that shares its cookies with a domain.
pub(crate) fn site_with_domain(public_url: &str, domain: &str) -> Site {
    let cookie_domain = Some(domain.parse().unwrap());
    SiteSettings { cookie_domain, ..settings(public_url) }.at(listener())
}

/// A site that scripts of these origins may call.
pub(crate) fn site_with_origins(public_url: &str, origins: &[&str]) -> Site {
    let allowed_origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    SiteSettings { allowed_origins, ..settings(public_url) }.at(listener())
}

/// A site with this return host.
pub(crate) fn site_with_return_host(public_url: &str, host: &str) -> Site {
    let return_hosts = vec![host.parse().unwrap()];
    SiteSettings { return_hosts, ..settings(public_url) }.at(listener())
}

fn settings(public_url: &str) -> SiteSettings {
    SiteSettings { public_url: Some(public_url.parse().unwrap()), ..SiteSettings::default() }
}

fn listener() -> Origin {
    Origin::of_listener("http", ([127, 0, 0, 1], 8001).into())
}
