//! What is configured about browsers.

use std::net::SocketAddr;

use super::{CookieDomain, Origin, ReturnHost};

/// What is configured. The rest shows when the listener has its address.
#[derive(Debug, Clone, Default)]
pub(crate) struct SiteSettings {
    /// Where browsers find the service, if that is not the listener.
    pub(crate) public_url: Option<Origin>,
    /// Whose cookies the service's are, if not its own host's. The public URL lies within.
    pub(crate) cookie_domain: Option<CookieDomain>,
    /// Whose scripts may call the service with cookies.
    pub(crate) allowed_origins: Vec<Origin>,
    /// Where a browser may be sent to after it logged in.
    pub(crate) return_hosts: Vec<ReturnHost>,
}

impl SiteSettings {
    /// The site of a service that listens there.
    pub(crate) fn at(self, listening: SocketAddr) -> Site {
        Site {
            origin: self.public_url.unwrap_or_else(|| Origin::of_listener(listening)),
            cookie_domain: self.cookie_domain,
            allowed_origins: self.allowed_origins,
            return_hosts: self.return_hosts,
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
}

impl Site {
    /// Where browsers find the service.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
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
