//! The public address of the service, the origins that it trusts, and the hosts that it redirects
//! browsers to. Types that parse and decide, without I/O and HTTP.

mod cookie_domain;
mod host_name;
mod origin;
mod return_host;
mod return_to;
mod settings;
mod title;

pub(crate) use cookie_domain::CookieDomain;
pub(crate) use origin::Origin;
pub(crate) use return_host::ReturnHost;
pub(crate) use return_to::{AUTHORIZATION_PATH, CONTINUED_REQUEST, DEVICE_PATH, RedirectTarget};
pub(crate) use settings::{Site, SiteSettings};
pub(crate) use title::SiteTitle;
