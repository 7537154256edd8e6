//! The databases that tests of the store run on: SQLite, and PostgreSQL where it is installed; each
//! with live tokens in memory, and in Redis where that is installed.

mod daemon;
mod database;
mod engine;
mod postgres;
mod redis;

pub(crate) use database::TestDatabase;
pub(crate) use engine::{Engine, on_both_engines, on_postgres};
pub(crate) use redis::{sharing, with_redis};
