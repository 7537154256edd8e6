//! Clients of OpenID Connect: their names, addresses and settings.

mod client_id;
mod client_name;
mod client_uri;
mod record;

pub(crate) use client_id::ClientId;
pub(crate) use client_name::{ClientName, InvalidClientName};
pub(crate) use client_uri::{CallbackUri, ClientUri};
pub(crate) use record::{ClientSettings, ClientUpdate, NewClient, OidcClient};
