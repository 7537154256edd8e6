//! Sessions: who is logged in, until when.
//!
//! The database knows every session. What validation needs is in memory as well: the follower
//! keeps it as the database is, whoever changed it.

#[cfg(test)]
mod battery;
mod begin;
mod client;
mod follower;
mod journal;
mod keeper;
mod live;
mod live_session;
mod mint;
mod past_tokens;
mod refresh;
#[cfg(test)]
mod refresh_model;
mod refresh_token;
mod revocations;
mod revoked;
mod sessions_of_user;
mod store;
mod sweep;
mod unwritten;

pub(crate) use begin::{BeginError, Limits, NewSession, TooManySessions};
pub(crate) use client::Client;
pub(crate) use follower::Follower;
pub(crate) use journal::Journal;
pub(crate) use keeper::Keeper;
pub(crate) use live::{LiveSessions, Principal};
pub(crate) use live_session::LiveSession;
pub(crate) use mint::{MintError, Minting, mint};
pub(crate) use refresh::{Ended, Refreshed, Renewal, Renewed};
pub(crate) use revocations::restore;
pub(crate) use sessions_of_user::{SessionDetails, session_owner};
pub(crate) use store::SessionStore;
