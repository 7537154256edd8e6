//! Clients of OpenID Connect, and what they were given.
//!
//! Nothing of it is in memory: every use reads the database, so that each instance knows what any
//! other one has done.

mod authorizations;
mod devices;
mod first_party;
mod holders;
mod records;
mod renewals;
mod requests;
mod sweep;
mod tokens;

pub(super) use sweep::sweep_clients;
