//! Live tokens in Redis, shared by instances.
//!
//! The database stays the truth: a record in Redis can make a token valid only if memory agrees,
//! and only the database makes it invalid.

mod client;
mod connect;
mod driver;
mod ended;
mod health;
mod histories;
mod recent;
mod record;
mod servers;
mod tokens;

pub(crate) use client::RedisClient;
pub(crate) use connect::RedisError;
pub(crate) use histories::History;
pub(crate) use record::TokenRecord;
pub(crate) use servers::RedisServers;
pub(crate) use tokens::SharedTokens;
