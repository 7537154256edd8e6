//! Log-in by an OpenID provider of the organisation (OpenID Connect Core 1.0, code flow).
//!
//! The crate `openidconnect` is not used: it verifies signatures with the crate `rsa`, which has a
//! timing side channel (RUSTSEC-2023-0071) and which `deny.toml` refuses; ring verifies here as
//! everywhere.

mod claims;
mod discovery;
mod error;
mod id_token;
mod log_in;
mod provider;
mod role_map;
mod settings;

pub(crate) use error::UpstreamError;
pub(crate) use log_in::{Callback, UpstreamLogIn};
pub(crate) use provider::UpstreamProvider;
pub(crate) use settings::{Issuer, UpstreamSettings};
