//! Databases and what stands before them, as processes of the tests: PostgreSQL, Redis with
//! Sentinels, PgBouncer, and a proxy that spoils the network.
//!
//! Each server has a loopback address of its own, a directory that is removed with it, and an
//! account without privileges. None outlives the process of the tests, however that ends.
//!
//! A suite that starts them declares this module beside `harness` and `installed`.

mod daemon;
mod fault_proxy;
mod loopback;
mod pgbouncer;
mod postgres;
mod redis;

pub(crate) use fault_proxy::{Direction, FaultProxy};
pub(crate) use loopback::own_host;
pub(crate) use pgbouncer::PgBouncer;
pub(crate) use postgres::{Database, PASSWORD, Postgres};
pub(crate) use redis::{Redis, RedisSetup, Sentinels};
