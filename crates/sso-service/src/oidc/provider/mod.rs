//! The use cases of the provider. They know no HTTP.

mod authorize;
mod claims;
mod error;
mod first_party;
mod log_out;
mod service;
mod tokens;

pub(crate) use authorize::{Authorizing, NextStep};
pub(crate) use claims::UserClaims;
pub(crate) use error::{BeginError, GrantRefusal};
pub(crate) use first_party::GuessedDevice;
pub(crate) use log_out::{LogOutParameters, LogOutWish};
pub(crate) use service::OidcProvider;
pub(crate) use tokens::{IssuedTokens, PresentedCode};
