//! Applies changes of the database to the sessions and keys in memory.

mod changes;
mod follower;

pub(in crate::store) use follower::Follower;
