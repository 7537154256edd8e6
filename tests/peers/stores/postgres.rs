//! PostgreSQL: what was committed survives.

use std::pin::pin;

use libtest_mimic::Trial;

use super::{is_late, named};
use crate::{
    databases::{Database, Postgres},
    harness::PrivateCa,
};

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "postgres",
        Postgres::installed(),
        [
            killed_cluster_has_what_it_committed,
            paused_cluster_answers_when_it_continues,
            databases_of_the_shared_cluster_are_separate,
            durability_is_not_reduced,
            promoted_synchronous_standby_has_every_commit,
            promoted_standby_lacks_what_was_committed_after_it_was_detached,
            client_verifies_the_certificate,
        ],
    )
}

async fn with_a_row() -> (Postgres, Database) {
    let cluster = Postgres::start().await;
    let database = cluster.database().await;
    database.sql("CREATE TABLE t (i int); INSERT INTO t VALUES (1)").await.unwrap();
    (cluster, database)
}

async fn killed_cluster_has_what_it_committed() {
    let (mut cluster, database) = with_a_row().await;
    cluster.kill();
    let error = database.sql("SELECT i FROM t").await.unwrap_err();
    assert!(error.contains("Connection refused"), "{error}");
    cluster.restart().await;
    assert_eq!(database.sql("SELECT i FROM t").await.unwrap(), "1");
    database.sql("INSERT INTO t VALUES (2)").await.unwrap();
    cluster.restart().await;
    assert_eq!(database.sql("SELECT i FROM t ORDER BY i").await.unwrap(), "1\n2");
}

async fn paused_cluster_answers_when_it_continues() {
    let (cluster, database) = with_a_row().await;
    cluster.pause();
    let mut answer = pin!(database.sql("SELECT i FROM t"));
    assert!(is_late(&mut answer).await);
    cluster.resume();
    assert_eq!(answer.await.unwrap(), "1");
}

async fn databases_of_the_shared_cluster_are_separate() {
    let cluster = Postgres::shared().await;
    let (one, two) = tokio::join!(cluster.database(), cluster.database());
    one.sql("CREATE TABLE t (i int)").await.unwrap();
    let error = two.sql("SELECT i FROM t").await.unwrap_err();
    assert!(error.contains(r#"relation "t" does not exist"#), "{error}");
}

async fn durability_is_not_reduced() {
    let cluster = Postgres::shared().await;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(cluster.sql(&format!("SHOW {setting}")).await, "on", "{setting}");
    }
}

async fn promoted_synchronous_standby_has_every_commit() {
    let (mut primary, database) = with_a_row().await;
    let standby = primary.synchronous_standby().await;
    database.sql("INSERT INTO t VALUES (2)").await.unwrap();
    primary.kill();
    let database = database.at(standby.address());
    let error = database.sql("INSERT INTO t VALUES (3)").await.unwrap_err();
    assert!(error.contains("read-only transaction"), "{error}");
    standby.promote().await;
    database.sql("INSERT INTO t VALUES (3)").await.unwrap();
    assert_eq!(database.sql("SELECT i FROM t ORDER BY i").await.unwrap(), "1\n2\n3");
}

async fn promoted_standby_lacks_what_was_committed_after_it_was_detached() {
    let (mut primary, database) = with_a_row().await;
    let standby = primary.standby().await;
    standby.detach().await;
    database.sql("INSERT INTO t VALUES (2)").await.unwrap();
    primary.kill();
    standby.promote().await;
    let database = database.at(standby.address());
    assert_eq!(database.sql("SELECT i FROM t").await.unwrap(), "1");
}

async fn client_verifies_the_certificate() {
    let cluster = Postgres::start_over_tls(&PrivateCa::new()).await;
    let database = cluster.database().await;
    let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(database.sql(encrypted).await.unwrap(), "t");
    assert!(database.url().contains("?sslmode=verify-full&sslrootcert=/"), "{}", database.url());
    let error = database.trusting(&PrivateCa::new()).sql("SELECT 1").await.unwrap_err();
    assert!(error.contains("certificate verify failed"), "{error}");
}
