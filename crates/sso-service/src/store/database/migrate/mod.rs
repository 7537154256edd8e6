//! Moving everything from a file of SQLite to a PostgreSQL server.
//!
//! ```text
//! source   BEGIN IMMEDIATE ── rows ──▶ COPY TEXT ──▶ target   BEGIN
//!             │                           │                     │
//!             │                        SHA-256  =  SHA-256 ◀── COPY TO
//!          mark as moved, COMMIT ─────────────────────────▶  COMMIT
//! ```
//!
//! The target is filled in one transaction, so nobody ever sees a part of it. The source is marked
//! before that transaction is committed: at no time may both be served. If the process ends between
//! the two, the target is empty and the next run begins anew.

mod checksum;
mod copy_text;
mod error;
mod migration;
mod source;
mod tables;
mod target;

pub(crate) use checksum::MovedTable;
pub(crate) use error::MigrationError;
pub(in crate::store) use migration::{Migration, migrate};
