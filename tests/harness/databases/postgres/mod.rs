//! PostgreSQL: clusters, databases in them, and standbys.

mod cluster;
mod configuration;
mod database;
mod programs;
mod standby;
mod template;

pub(crate) use cluster::Postgres;
pub(crate) use database::{Database, PASSWORD, ROLE};
