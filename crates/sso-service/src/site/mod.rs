//! Where browsers find this service, which other origins it deals with, and where it may send
//! them. No I/O and no HTTP: types that parse, and decide.

mod cookie_domain;
mod host_name;
mod origin;
mod return_host;
mod return_to;
mod settings;

pub(crate) use cookie_domain::CookieDomain;
pub(crate) use origin::Origin;
pub(crate) use return_host::ReturnHost;
pub(crate) use return_to::Landing;
pub(crate) use settings::{Site, SiteSettings};
