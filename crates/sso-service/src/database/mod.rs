//! The database: SQLite, on disk.
//!
//! Whoever reads takes a connection of a small pool. Whoever writes hands a job to the one writer,
//! which commits what waits together and tells the follower before it answers.

mod commits;
mod files;
mod handle;
mod health;
mod location;
mod lock;
mod open;
mod unavailable;
mod writer;

pub(crate) use handle::Database;
pub(crate) use location::Location;
pub(crate) use lock::{InstanceLock, LockError};
pub(crate) use open::OpenError;
pub(crate) use unavailable::Unavailable;
pub(crate) use writer::Follow;
#[cfg(test)]
pub(crate) use writer::Nobody;
