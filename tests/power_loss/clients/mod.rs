//! Clients that remember each answer, and check after a restart that it still holds.
//!
//! A change without an answer may have happened or not. After a failed change, a client does nothing
//! until the next restart; then it finds out.

mod api;
mod known;
mod population;
mod user;
mod user_changes;
mod user_check;

pub(crate) use api::Api;
pub(crate) use population::{Population, Tally};
