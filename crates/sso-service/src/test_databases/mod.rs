//! The databases that tests of the store run on: SQLite, and PostgreSQL where it is installed.

mod daemon;
mod database;
mod engine;
mod postgres;

pub(crate) use database::TestDatabase;
pub(crate) use engine::{Engine, on_both_engines, on_postgres};
