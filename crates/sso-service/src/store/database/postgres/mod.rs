//! PostgreSQL: one server, any number of instances, each with a writer and a follower.
//!
//! ```text
//! writer     one transaction at a time among all instances        → changes, NOTIFY
//! follower   looks at `changes`, applies them, confirms           → memory, lease
//! confirmer  waits until every instance has confirmed a commit    → answers
//! ```
//!
//! `docs/adr/0014-leases.md` says why no instance accepts a token whose revocation was answered.

mod confirmer;
mod connect;
mod follower;
mod freshness;
mod instance;
mod instances;
mod lease;
mod listener;
mod look_error;
mod looks;
mod metrics;
mod schema;
mod server;
#[cfg(test)]
mod simulation;
mod single;
mod threads;
mod time;
mod writer;

pub(super) use connect::{connect_own, readers};
pub(super) use follower::{FollowerThread, StartFollowerError, start as start_follower};
pub(super) use freshness::Freshness;
pub(super) use instance::Following;
pub(super) use look_error::LookError;
pub(super) use metrics::InstanceMetrics;
pub(super) use schema::{ServerError, prepare};
pub(in crate::store) use server::PostgresServer;
pub(super) use writer::start as start_writer;
