//! Notifications of commits, which make the next look earlier. Without them, as behind a connection
//! pooler, looks come at their usual times.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::{sleep, timeout};

use super::{looks::Looks, server::PostgresServer};

/// The channel that writers notify.
pub(super) const CHANNEL: &str = "sso_service_changes";
/// How long to pause before the next try after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a notification of our own may take.
const PROBE: Duration = Duration::from_secs(1);
/// How long to go without notifications that do not arrive.
const NEXT_PROBE: Duration = Duration::from_secs(60);

/// Hastens a look at each notification, until it is dropped.
pub(super) async fn listen(server: PostgresServer, looks: Looks) {
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
    let pool = pool.connect_lazy_with(server.options().clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    sqlx::query("SELECT pg_notify($1, '')").persistent(false).bind(CHANNEL).execute(&pool).await?;
    if timeout(PROBE, listener.recv()).await.is_err() {
        return Ok(Ending::NotDelivered);
    }
    loop {
        listener.recv().await?;
        looks.hasten();
    }
}
