//! Applies changes of the database to the sessions and keys in memory.

mod all_tokens;
mod changes;
mod follower;
mod history;
mod refills;

pub(in crate::store) use follower::Follower;
pub(in crate::store) use refills::Refills;
