//! Sessions: what validation needs of them, in memory, and the types that the store takes and
//! gives.
//!
//! The store knows every session. What validation needs is in memory as well, and the store keeps
//! it up to date.

mod client;
mod details;
mod live;
mod live_session;
mod log_in_time;
mod new_session;
mod refresh_token;
mod renewal;
mod revoked;
mod shared;
mod unwritten;

pub(crate) use client::Client;
pub(crate) use details::{
    ExpiredSession, NamedSession, SessionDetails, SessionOfUser, SessionOwner,
};
pub(crate) use live::{LiveSessions, NewToken, Principal};
pub(crate) use live_session::{LiveSession, LiveUser};
pub(crate) use log_in_time::log_in_millis;
pub(crate) use new_session::{MintedSessions, NewSession, SessionLimits};
pub(crate) use refresh_token::{
    PastAnswer, REPLAY_WINDOW, RefreshDecision, StoredRefreshToken, TokenEnds,
};
pub(crate) use renewal::{EndedSession, Refreshed, Renewal, Renewed};
pub(crate) use revoked::{PendingRevocations, UserRevocation};
pub(crate) use shared::{
    History, RedisClient, RedisError, RedisServers, SharedTokens, TokenRecord,
};
