//! A PostgreSQL server of this process, for all of its tests.

#[path = "../../../../../tests/harness/databases/postgres/configuration.rs"]
#[expect(dead_code, reason = "here no test needs TLS")]
mod configuration;
mod database;
mod programs;
mod server;
#[path = "../../../../../tests/harness/databases/postgres/template.rs"]
mod template;

pub(super) use server::new_database;
