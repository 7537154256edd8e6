//! API keys: what programs show in the place of a session token.

mod key;
mod live;
mod store;

pub(crate) use key::{ApiKey, InvalidKeyName, KeyName, NewKey};
pub(crate) use live::LiveKeys;
pub(crate) use store::{KeyError, KeyStore, live_keys};
