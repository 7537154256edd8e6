//! The use cases of OAuth: signing keys, and JWTs in exchange for session tokens and keys.

mod audience;
mod claims;
mod exchange;
mod id_tokens;
mod scope;
mod settings;
mod signing;
mod signing_error;
#[cfg(test)]
mod signing_model;
#[cfg(test)]
mod signing_tests;

pub(crate) use audience::{Audience, Audiences};
pub(crate) use exchange::{ExchangeError, ExchangeRequest, JwtText, TokenExchange};
pub(crate) use id_tokens::IdTokenHint;
pub(crate) use settings::OAuthSettings;
pub(crate) use signing::SigningKeys;
pub(crate) use signing_error::SigningError;
