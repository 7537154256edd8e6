//! API keys, and the keys that sign JWTs.

mod api_keys;
mod key_holders;
mod signing_keys;

pub(super) use api_keys::{delete_key, key_account, live_keys};
