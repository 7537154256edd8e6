//! API keys, which programs use in the place of session tokens.

mod key;
mod live;

pub(crate) use key::{ApiKey, InvalidKeyName, KeyName, NewKey};
pub(crate) use live::{LiveKey, LiveKeys};
