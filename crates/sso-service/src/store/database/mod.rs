//! An open database: connections to read with, and one writer.
//!
//! Reads take a connection from a small pool. Writes are jobs for the writer, which commits all
//! waiting jobs together, so that a commit, which costs a write to the disk, serves many.

mod commits;
mod database;
mod follow;
mod health;
mod readers;
mod sqlite;
mod write_job;
#[cfg(test)]
mod writer_tests;

pub(super) use database::Database;
pub(super) use follow::Follow;
pub(crate) use sqlite::{InstanceLock, LockError, OpenError};
