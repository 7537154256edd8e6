//! Bringing the tables up to date, and the settings that the promises depend on.

use sqlx::{
    Connection, PgConnection,
    migrate::{MigrateError, Migrator},
};

use super::{connect::connect, server::PostgresServer, single::fetch_one};
use crate::store::sql::{Held, SqlConnection, query};

/// The oldest server whose SQL this is.
const OLDEST_VERSION: i64 = 130_000;

/// Checks the server and brings its tables up to date. Of several instances that start at once,
/// one after the other does so.
///
/// # Errors
/// When the server does not answer, loses acknowledged writes, or has other tables.
pub(in crate::store::database) async fn prepare(
    server: &PostgresServer,
) -> Result<(), ServerError> {
    #[cfg(feature = "simulation")]
    if service_runtime::simulation::world().is_some() {
        return Ok(());
    }
    let mut connection = connect(server).await?;
    check(&mut connection).await?;
    if let SqlConnection::Postgres(Held::Own(connection)) = &mut connection {
        migrate(connection).await?;
    }
    connection.close().await?;
    Ok(())
}

async fn check(connection: &mut SqlConnection) -> Result<(), ServerError> {
    let version: String = setting(connection, "server_version_num").await?;
    if version.parse::<i64>().unwrap_or(0) < OLDEST_VERSION {
        return Err(ServerError::TooOld);
    }
    for name in ["fsync", "synchronous_commit"] {
        if setting(connection, name).await? == "off" {
            return Err(ServerError::LosesWrites(name));
        }
    }
    if fetch_one(query("SELECT pg_is_in_recovery()"), connection).await? {
        return Err(ServerError::Standby);
    }
    Ok(())
}

async fn setting(
    connection: &mut SqlConnection,
    name: &'static str,
) -> Result<String, sqlx::Error> {
    fetch_one(query("SELECT current_setting($1)").bind(name), connection).await
}

/// Notices would tell that the table of migrations is there already.
const BEGIN_MIGRATING: &str =
    "SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(7369626)";

/// All in one transaction under a lock of its own. The lock of sqlx would belong to the
/// connection, which a connection pooler shares.
async fn migrate(connection: &mut PgConnection) -> Result<(), ServerError> {
    let mut migrations: Migrator = sqlx::migrate!("migrations/postgres");
    migrations.set_locking(false);
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(BEGIN_MIGRATING).execute(&mut *transaction).await?;
    migrations.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await?;
    Ok(())
}

/// The server cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    /// It does not answer, or refuses the log-in.
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] sqlx::Error),
    /// The tables are not ours, or of a later version.
    #[error("cannot migrate the database: {0}")]
    Migrate(#[from] MigrateError),
    /// It is too old.
    #[error("the server must be PostgreSQL 13 or later")]
    TooOld,
    /// A power cut would take back what was acknowledged.
    #[error("the server must not have {0} = off: a crash would lose acknowledged writes")]
    LosesWrites(&'static str),
    /// It is read-only.
    #[error("the server is a standby; the URL must name the primary")]
    Standby,
}

impl ServerError {
    /// Whether another configuration would help.
    pub(in crate::store::database) fn is_about_configuration(&self) -> bool {
        match self {
            Self::TooOld | Self::LosesWrites(_) => true,
            Self::Connect(_) | Self::Migrate(_) | Self::Standby => false,
        }
    }
}
