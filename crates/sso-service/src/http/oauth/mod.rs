//! The endpoints of OAuth 2.0 and its extensions.

mod asker;
mod client_credentials;
pub(super) mod client_grants;
pub(super) mod device;
pub(super) mod errors;
mod form;
pub(super) mod introspect;
#[cfg(test)]
mod introspect_tests;
pub(super) mod revoke;
pub(super) mod token;
pub(super) mod token_exchange;
#[cfg(test)]
mod token_tests;
