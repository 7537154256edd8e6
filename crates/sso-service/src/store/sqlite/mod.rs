//! The database as SQLite keeps it.
//!
//! Reads take a connection from a small pool. Writes are jobs for the one writer, which commits
//! all waiting jobs together and brings the follower up to date before it answers.

mod commits;
mod files;
mod handle;
mod health;
mod lock;
mod open;
mod writer;

pub(crate) use handle::Database;
pub(crate) use lock::{InstanceLock, LockError};
pub(crate) use open::OpenError;
pub(crate) use writer::Follow;
#[cfg(test)]
pub(crate) use writer::Nobody;
