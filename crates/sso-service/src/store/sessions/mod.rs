//! Sessions in the database, and the follower that keeps those in memory up to date.

mod first_party;
mod follow;
mod issue;
mod listing;
mod revoke;
mod sweep;
mod uses;
mod vouched;

pub(super) use follow::{Follower, Refills};
pub(super) use listing::session_owner;
pub(super) use revoke::{Journal, restore};
