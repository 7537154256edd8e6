//! Writes security events to the database.

use crate::{audit::WaitingRows, store::Store};

/// Writes events to the database as they come, until their sender is dropped and all are written.
pub(crate) async fn write_audit_rows(store: Store, mut waiting: WaitingRows) {
    while let Some(events) = waiting.next().await {
        let count = events.len() as u64;
        if let Err(error) = store.keep_events(events).await {
            tracing::warn!(%error, count, "cannot store security events in the database");
            waiting.count_lost(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use service_runtime::metrics::Metrics;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::{
        audit::{AuditRows, Event, Kind, PastLogIn, Source},
        test_databases::{Engine, TestDatabase, on_both_engines},
        test_service::noon,
        users::Account,
    };

    /// How many rows are kept of each kind.
    const KEPT: i64 = 100_000;

    on_both_engines![
        events_are_stored_in_order_before_the_task_ends,
        the_oldest_events_are_deleted_first,
        events_of_administrators_are_not_displaced_by_others,
        unstored_events_are_counted,
        log_ins_are_read_back_and_nothing_else,
    ];

    fn start(store: &Store, metrics: &Metrics) -> (AuditRows, JoinHandle<()>) {
        let (rows, waiting) = AuditRows::new(metrics);
        (rows, tokio::spawn(write_audit_rows(store.clone(), waiting)))
    }

    /// Adds so many times ten thousand events. A transaction on a server has two seconds.
    async fn fill(store: &Store, times: usize) {
        let sqlite = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000)
                      INSERT INTO audit (event) SELECT '{}' FROM n";
        let postgres = "INSERT INTO audit (event) SELECT '{}' FROM generate_series(1, 10000)";
        for _ in 0..times {
            store.execute_on(sqlite, postgres).await;
        }
    }

    async fn rows(store: &Store) -> (i64, Vec<String>) {
        let newest = store.texts("SELECT event FROM audit ORDER BY number DESC LIMIT 3").await;
        (store.number("SELECT count(*) FROM audit").await, newest)
    }

    async fn events_are_stored_in_order_before_the_task_ends(engine: Engine) {
        let database = TestDatabase::of(engine);
        let store = database.store().await;
        let (kept, task) = start(&store, &Metrics::default());
        for kind in [Kind::LoginOk, Kind::Logout] {
            kept.keep(Event::new(kind, noon()));
        }
        drop(kept);
        task.await.unwrap();
        let newest = [
            r#"{"audit":"logout","time":"2027-01-15T08:00:00.000Z"}"#,
            r#"{"audit":"login_ok","time":"2027-01-15T08:00:00.000Z"}"#,
        ];
        assert_eq!(rows(&store).await, (2, newest.map(str::to_owned).to_vec()));
    }

    async fn the_oldest_events_are_deleted_first(engine: Engine) {
        let database = TestDatabase::of(engine);
        let store = database.store().await;
        fill(&store, 10).await;
        let (kept, task) = start(&store, &Metrics::default());
        for _ in 0..5 {
            kept.keep(Event::new(Kind::LoginOk, noon()));
        }
        drop(kept);
        task.await.unwrap();
        let (count, newest) = rows(&store).await;
        assert_eq!(count, KEPT);
        assert!(newest.iter().all(|event| event.contains("login_ok")), "{newest:?}");
    }

    async fn events_of_administrators_are_not_displaced_by_others(engine: Engine) {
        let database = TestDatabase::of(engine);
        let store = database.store().await;
        store.keep_events(vec![Event::new(Kind::UserChanged, noon())]).await.unwrap();
        fill(&store, 15).await;
        store.keep_events(vec![Event::new(Kind::LoginOk, noon())]).await.unwrap();
        let first = store.texts("SELECT event FROM audit ORDER BY number LIMIT 1").await;
        assert!(first[0].contains("user_changed"), "{first:?}");
        assert_eq!(rows(&store).await.0, KEPT + 1);
    }

    async fn unstored_events_are_counted(engine: Engine) {
        let database = TestDatabase::of(engine);
        let store = database.store().await;
        store.close().await;
        let metrics = Metrics::default();
        let (kept, task) = start(&store, &metrics);
        for _ in 0..3 {
            kept.keep(Event::new(Kind::LoginOk, noon()));
        }
        drop(kept);
        task.await.unwrap();
        assert!(metrics.render().contains("audit_rows_lost_total 3"), "{}", metrics.render());
    }

    async fn log_ins_are_read_back_and_nothing_else(engine: Engine) {
        let database = TestDatabase::of(engine);
        let store = database.store().await;
        let user = Account::powerless(uuid::Uuid::from_u128(7), noon());
        let events = [
            (Kind::LoginOk, "192.0.2.1"),
            (Kind::LoginFailed, "192.0.2.2"),
            (Kind::LoginOk, "2001:db8::1"),
            (Kind::Logout, "192.0.2.1"),
        ]
        .map(|(kind, ip)| {
            let source = Source { ip: ip.parse().unwrap(), request_id: "r" };
            Event::new(kind, noon()).by(&user).at(source)
        });
        store.keep_events(events.into()).await.unwrap();
        let log_in =
            |ip: &str| PastLogIn { user_id: user.user_id, ip: ip.parse().unwrap(), at: noon() };
        let past = store.past_log_ins().await.unwrap();
        assert_eq!(past, [log_in("192.0.2.1"), log_in("2001:db8::1")]);
    }
}
