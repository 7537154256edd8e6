//! Connections to the server.

use std::{io, time::Duration};

use sqlx::{
    Connection, Executor, PgConnection,
    postgres::{PgPoolOptions, PgQueryResult},
};
use tokio::time::timeout;

use super::server::PostgresServer;
#[cfg(feature = "simulation")]
use crate::store::sql::SimulatedServer;
use crate::store::{
    database::readers::Readers,
    sql::{Held, SqlConnection},
};

/// How long a connection may take to be made: who cannot wait so long has a limit besides.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long a connection of the pool may take to be made, or to become free.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// Commands read a few rows at a time.
const READERS: u32 = 4;

/// A connection of its own.
///
/// # Errors
/// When the server does not answer in time, or refuses.
pub(super) async fn connect(server: &PostgresServer) -> Result<SqlConnection, sqlx::Error> {
    #[cfg(feature = "simulation")]
    if let Some(server) = simulated(server) {
        let connecting = timeout(CONNECT_TIME, server.connect());
        return connecting.await.map_err(|_| timed_out())?.map(SqlConnection::Simulated);
    }
    Ok(SqlConnection::Postgres(Held::Own(connect_own(server).await?)))
}

/// A connection for statements of this database alone.
///
/// # Errors
/// As [`connect`].
pub(in crate::store::database) async fn connect_own(
    server: &PostgresServer,
) -> Result<PgConnection, sqlx::Error> {
    let connecting = PgConnection::connect_with(server.options());
    timeout(CONNECT_TIME, connecting).await.map_err(|_| timed_out())?
}

/// Connections that only read. They are made when they are needed. A connection is lent with a
/// transaction begun, so that a connection pooler keeps one server process for it.
pub(in crate::store::database) fn readers(server: &PostgresServer) -> Readers {
    #[cfg(feature = "simulation")]
    if let Some(server) = simulated(server) {
        return Readers::Simulated(server);
    }
    let pool = PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(MAX_WAIT)
        .after_connect(|connection, _| Box::pin(async { begin(connection).await.map(|_| ()) }))
        .before_acquire(|connection, _| Box::pin(async { begin(connection).await.map(|_| true) }))
        .after_release(|connection, _| Box::pin(async { end(connection).await.map(|_| true) }))
        .connect_lazy_with(server.options().clone());
    Readers::Postgres(pool)
}

/// The server by this name in the simulation that this thread runs.
#[cfg(feature = "simulation")]
fn simulated(server: &PostgresServer) -> Option<SimulatedServer> {
    let options = server.options();
    SimulatedServer::named(options.get_host(), options.get_port())
}

async fn begin(connection: &mut PgConnection) -> Result<PgQueryResult, sqlx::Error> {
    connection.execute(sqlx::raw_sql("BEGIN READ ONLY")).await
}

async fn end(connection: &mut PgConnection) -> Result<PgQueryResult, sqlx::Error> {
    connection.execute(sqlx::raw_sql("ROLLBACK")).await
}

/// The error of a server that does not answer in time.
pub(super) fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))
}
