//! Notifications of commits, which make the next look earlier. Without them, as behind a connection
//! pooler, looks come at their usual times.

use std::time::Duration;

use sqlx::{
    PgPool, Row,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::time::{sleep, timeout};

use super::{looks::Looks, server::PostgresServer};

/// The channel that writers notify.
pub(super) const CHANNEL: &str = "sso_service_changes";
/// A setting of the session that has no other effect.
const MARK: &str = "sso_service.listens";
const IS_MARKED: &str = "SELECT current_setting('sso_service.listens', true) IS NOT NULL";
/// The code of PgBouncer's answer to a setting that it does not pass on: a protocol violation.
const REFUSED: &str = "08P01";
const NOTIFY: &str = "NOTIFY sso_service_changes";
/// How long to pause before the next try after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a notification of our own may take.
const PROBE: Duration = Duration::from_secs(1);
/// How long to go without notifications that do not arrive.
const NEXT_PROBE: Duration = Duration::from_secs(60);

/// Hastens a look at each notification, until it is dropped.
pub(super) async fn listen(server: PostgresServer, looks: Looks) {
    #[cfg(feature = "simulation")]
    if service_runtime::simulation::world().is_some() {
        return std::future::pending().await;
    }
    let mut told = false;
    loop {
        match listen_once(&server, &looks).await {
            Ok(Ending::NotDelivered) => {
                if !told {
                    tracing::info!("notifications do not arrive: looking at fixed intervals");
                }
                told = true;
                sleep(NEXT_PROBE).await;
            }
            Err(error) => {
                tracing::debug!(%error, "cannot listen for notifications");
                sleep(PAUSE).await;
            }
        }
    }
}

enum Ending {
    /// A connection pooler is between us and the server.
    NotDelivered,
}

async fn listen_once(server: &PostgresServer, looks: &Looks) -> Result<Ending, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(2).acquire_timeout(PAUSE);
    let options = server.options().clone().options([(MARK, "on")]);
    let pool = pool.connect_lazy_with(options);
    if !is_direct(&pool).await? {
        return Ok(Ending::NotDelivered);
    }
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    sqlx::raw_sql(NOTIFY).execute(&pool).await?;
    if timeout(PROBE, listener.recv()).await.is_err() {
        return Ok(Ending::NotDelivered);
    }
    loop {
        listener.recv().await?;
        looks.hasten();
    }
}

/// Whether a connection leads to a server process of its own. A pooler refuses settings of the
/// session at the beginning, or does not pass them on. Behind it nothing may listen: notifications
/// would arrive among the answers to another client.
async fn is_direct(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let marked = sqlx::raw_sql(IS_MARKED).fetch_one(pool).await;
    match marked {
        Ok(row) => row.try_get(0),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(REFUSED) => Ok(false),
        Err(error) => Err(error),
    }
}
