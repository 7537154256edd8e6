//! The use cases of the session authority: log in, validate, refresh, log out. They know no HTTP.

#[cfg(test)]
mod authority_tests;
mod counters;
mod foreign_page;
mod holder;
mod introspect;
mod logged_in;
mod login;
mod logout;
mod own_sessions;
mod refresh;
mod revoke;
mod service;
mod validate;

pub(crate) use holder::Holder;
pub(crate) use logged_in::LoggedIn;
pub(crate) use login::LoginError;
pub(crate) use refresh::RefreshError;
pub(crate) use service::{Lifetimes, SessionAuthority};
pub(crate) use validate::TokenRefusal;
