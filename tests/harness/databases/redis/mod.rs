//! Redis, alone and with Sentinels.

mod endpoint;
mod sentinel;
mod sentinels;
mod server;
mod setup;

pub(crate) use sentinels::Sentinels;
pub(crate) use server::Redis;
pub(crate) use setup::RedisSetup;
