//! Where users, sessions and everything else that lasts are kept: SQLite, on disk.

mod location;
mod sqlite;
mod unavailable;

pub(crate) use location::Location;
#[cfg(test)]
pub(crate) use sqlite::Nobody;
pub(crate) use sqlite::{Database, Follow, InstanceLock, LockError, OpenError};
pub(crate) use unavailable::Unavailable;
