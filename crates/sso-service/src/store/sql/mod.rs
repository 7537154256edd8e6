//! SQL on either database: statements, values and rows.
//!
//! Most statements are the same on both, with parameters `$1`, `$2`, …; a [`Dialects`] holds both
//! forms of one that is not. Instants are milliseconds since 1970 UTC.

mod connection;
mod dialects;
mod query;
mod row;
#[cfg(feature = "simulation")]
mod simulated;
mod value;

pub(super) use connection::{Held, SqlConnection};
pub(super) use dialects::{Dialects, with_numbers};
pub(super) use query::{Query, query, run_script};
pub(super) use row::{FromSqlRow, SqlRow, decode, instant, lines, uuid_from_bytes};
#[cfg(feature = "simulation")]
pub(super) use simulated::{SimulatedServer, Statement, StatementResult, receive, send};
