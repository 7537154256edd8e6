//! The store in SQLite.

mod audit;
mod authorization;
mod engine;
mod grants;
mod key_holders;
mod keys;
mod sessions;
mod signing_keys;
mod store;
#[cfg(test)]
mod testing;
mod time;
mod users;

pub(crate) use engine::{InstanceLock, LockError, OpenError};
pub(crate) use store::SqliteStore;
