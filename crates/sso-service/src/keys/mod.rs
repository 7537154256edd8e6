//! API keys: what programs show in the place of a session token.

mod key;
mod live;
mod store;

pub(crate) use key::{ApiKey, InvalidKeyName, KeyName, NewKey};
pub(crate) use live::LiveKeys;
pub(crate) use store::{
    KeyError, KeyStore, create_key, delete_key, delete_named_key, key_account, live_keys,
};
