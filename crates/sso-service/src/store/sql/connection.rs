//! A connection to either database.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use sqlx::{Connection, Database, Postgres, Sqlite, pool::PoolConnection};

#[cfg(feature = "simulation")]
use super::simulated::SimulatedConnection;

/// A connection to either database.
pub(in crate::store) enum SqlConnection {
    /// To a file, or to memory.
    Sqlite(Held<Sqlite>),
    /// To a server.
    Postgres(Held<Postgres>),
    /// To the server of a simulation, which stands in for PostgreSQL.
    #[cfg(feature = "simulation")]
    Simulated(SimulatedConnection),
}

/// A connection of its holder, or one that goes back to its pool.
pub(in crate::store) enum Held<DB: Database> {
    Own(DB::Connection),
    Lent(PoolConnection<DB>),
}

impl SqlConnection {
    /// Closes it, and returns when that is done. One of a pool goes back to the pool instead.
    ///
    /// # Errors
    /// When it was broken already.
    pub(in crate::store) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(Held::Own(connection)) => connection.close().await,
            Self::Postgres(Held::Own(connection)) => connection.close().await,
            Self::Sqlite(Held::Lent(_)) | Self::Postgres(Held::Lent(_)) => Ok(()),
            #[cfg(feature = "simulation")]
            Self::Simulated(_) => Ok(()),
        }
    }

    /// Whether it is a connection to a server that goes back to its pool.
    pub(super) fn is_lent_by_server(&self) -> bool {
        match self {
            #[cfg(feature = "simulation")]
            Self::Simulated(connection) => connection.is_lent,
            _ => matches!(self, Self::Postgres(Held::Lent(_))),
        }
    }

    /// Has the pool close it instead of lending it again.
    pub(super) fn abandon(&mut self) {
        if let Self::Postgres(Held::Lent(connection)) = self {
            connection.close_on_drop();
        }
    }
}

impl<DB: Database> Deref for Held<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Lent(connection) => connection,
        }
    }
}

impl<DB: Database> DerefMut for Held<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match self {
            Self::Own(connection) => connection,
            Self::Lent(connection) => connection,
        }
    }
}

impl fmt::Debug for SqlConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "Sqlite",
            Self::Postgres(_) => "Postgres",
            #[cfg(feature = "simulation")]
            Self::Simulated(_) => "Simulated",
        })
    }
}
