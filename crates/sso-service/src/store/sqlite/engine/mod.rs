//! The database file, its readers and its one writer.
//!
//! Reads take a connection from a small pool. Writes are jobs for the one writer, which commits
//! all waiting jobs together and brings the follower up to date before it answers.

mod commits;
mod database;
mod files;
mod health;
mod lock;
mod open;
mod writer;
#[cfg(test)]
mod writer_tests;

pub(super) use database::Database;
pub(crate) use lock::{InstanceLock, LockError};
pub(crate) use open::OpenError;
pub(super) use writer::Follow;
