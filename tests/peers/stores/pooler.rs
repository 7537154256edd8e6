//! PgBouncer in front of PostgreSQL.

use libtest_mimic::Trial;

use super::named;
use crate::databases::{PgBouncer, Postgres};

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "pgbouncer",
        PgBouncer::installed(),
        [clients_share_a_connection, restarted_pooler_answers_at_the_same_address],
    )
}

/// In transaction mode the next client has the same connection of the server.
async fn clients_share_a_connection() {
    let cluster = Postgres::shared().await;
    let pooler = PgBouncer::before(cluster).await;
    let database = cluster.database().await.at(pooler.address());
    assert_eq!(database.sql("SELECT 1").await.unwrap(), "1");
    let connection = async || database.sql("SELECT pg_backend_pid()").await.unwrap();
    assert_eq!(connection().await, connection().await);
}

async fn restarted_pooler_answers_at_the_same_address() {
    let cluster = Postgres::shared().await;
    let mut pooler = PgBouncer::before(cluster).await;
    let database = cluster.database().await.at(pooler.address());
    pooler.restart().await;
    assert_eq!(database.sql("SELECT 1").await.unwrap(), "1");
}
