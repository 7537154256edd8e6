//! The endpoints of OAuth 2.0 and its extensions.

pub(super) mod errors;
mod form;
pub(super) mod introspect;
pub(super) mod revoke;
pub(super) mod token;
pub(super) mod token_exchange;
#[cfg(test)]
mod token_tests;
