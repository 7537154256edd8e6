//! Connections that only read.

use sqlx::{PgPool, SqlitePool};

#[cfg(feature = "simulation")]
use crate::store::sql::SimulatedServer;
use crate::store::{
    sql::{Held, SqlConnection},
    unavailable::Unavailable,
};

/// A pool of connections that only read.
#[derive(Debug, Clone)]
pub(super) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    /// Connections to the server of a simulation, each made when it is needed.
    #[cfg(feature = "simulation")]
    Simulated(SimulatedServer),
}

impl Readers {
    /// A connection, which goes back to the pool when it is dropped.
    ///
    /// # Errors
    /// When none is free in time.
    pub(super) async fn acquire(&self) -> Result<SqlConnection, Unavailable> {
        Ok(match self {
            Self::Sqlite(pool) => SqlConnection::Sqlite(Held::Lent(pool.acquire().await?)),
            Self::Postgres(pool) => SqlConnection::Postgres(Held::Lent(pool.acquire().await?)),
            #[cfg(feature = "simulation")]
            Self::Simulated(server) => SqlConnection::Simulated(server.connect_reader().await?),
        })
    }

    /// Closes all connections.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
            #[cfg(feature = "simulation")]
            Self::Simulated(_) => {}
        }
    }
}
