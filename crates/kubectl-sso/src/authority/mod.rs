//! The authority, as its user calls it over HTTP.

mod client;
mod error;
mod oauth;
mod session_answer;
mod trust;

pub(crate) use client::AuthorityClient;
pub(crate) use error::AuthorityError;
pub(crate) use oauth::CLIENT_ID;
pub(crate) use trust::{InvalidBundle, TrustedCas};

#[cfg(test)]
pub(crate) use session_answer::tests::session_answer;
