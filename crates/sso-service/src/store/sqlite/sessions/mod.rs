//! Sessions, and what keeps those in memory as the database is.

mod begin;
mod changes;
mod end;
mod follower;
mod journal;
mod listing;
mod mint;
mod named;
mod refresh;
mod refresh_token;
mod revocations;
mod sweep;
mod tokens;
mod uses;

pub(super) use follower::Follower;
pub(super) use journal::Journal;
pub(super) use listing::session_owner;
pub(super) use revocations::restore;
