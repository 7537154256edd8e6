//! Clients of OpenID Connect, and what they were given.
//!
//! Nothing of it is in memory: every use reads the database, so that each instance knows what any
//! other one has done.

mod authorizations;
mod holders;
mod notices;
mod records;
mod renewals;
mod requests;
mod sweep;
mod tokens;

pub(super) use authorizations::{Spent, spend};
pub(super) use holders::{LiveHolder, SessionFacts, is_vouched, judge};
pub(super) use notices::note_ends;
pub(super) use sweep::sweep_clients;
