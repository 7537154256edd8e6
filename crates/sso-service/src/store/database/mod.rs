//! An open database: connections to read with, and one writer.
//!
//! Reads take a connection from a small pool. Writes are jobs for the writer, which commits all
//! waiting jobs together, so that a commit, which costs a write to the disk, serves many.

mod commits;
mod fatal;
mod follow;
mod handle;
mod health;
mod migrate;
#[cfg(test)]
mod migrations_tests;
mod open_error;
mod opening;
mod postgres;
mod readers;
#[cfg(feature = "simulation")]
mod simulated;
mod sqlite;
mod write_job;
#[cfg(test)]
mod writer_tests;

pub(super) use follow::{Follow, FollowError, Position};
pub(super) use handle::Database;
pub(super) use migrate::{Migration, migrate};
pub(crate) use migrate::{MigrationError, MovedTable};
pub(crate) use open_error::OpenError;
pub(crate) use opening::Sharing;
pub(super) use postgres::PostgresServer;
#[cfg(feature = "simulation")]
pub use simulated::SimulatedDatabase;
pub(super) use sqlite::{FailedSync, sync_directory_of};
pub(crate) use sqlite::{InstanceLock, LockError};
