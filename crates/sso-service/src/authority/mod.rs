//! The use cases of the session authority: log in, validate, refresh, log out. They know no HTTP.

#[cfg(test)]
mod authority_tests;
mod counters;
mod foreign_page;
mod holder;
mod introspect;
mod service;
mod session_lifecycle;
mod validate;

pub(crate) use holder::Holder;
pub(crate) use service::{Lifetimes, SessionAuthority};
pub(crate) use session_lifecycle::{LoggedIn, LoginError, RefreshError, UpstreamUser};
pub(crate) use validate::TokenRefusal;
