//! The database server of a simulation: SQLite, with the transactions of PostgreSQL.
//!
//! Each session is a connection of SQLite to the same file, so that readers see the snapshot that
//! their transaction began with. The table of instances is in a file of its own: it is changed while
//! another session writes. SQLite works while simulated time stands still.

mod forms;
mod server;
mod session;

pub use server::SimulatedDatabase;
