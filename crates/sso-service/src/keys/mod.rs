//! API keys: what programs show in the place of a session token.

mod key;
mod live;

pub(crate) use key::{ApiKey, InvalidKeyName, KeyName, NewKey};
pub(crate) use live::{LiveKey, LiveKeys};
