//! The newest events in the database, where administrators look through them.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use service_runtime::metrics::Metrics;
use sqlx::SqliteConnection;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::event::Event;
use crate::database::{Database, Unavailable};

/// How many events are kept.
const KEPT: u32 = 100_000;
/// How many may wait to be written.
const WAITING: usize = 8192;
/// The most of one commit.
const LARGEST_LOT: usize = 1024;
/// How long a lot is gathered.
const GATHERED: Duration = Duration::from_secs(1);

/// Where events go on their way to the database. It is a convenience beside the record: when it
/// cannot keep up, or the database cannot be written, events are counted and left out.
#[derive(Debug)]
pub(crate) struct AuditRows {
    events: mpsc::Sender<Event>,
    lost: Counter,
}

impl AuditRows {
    /// Starts a task that writes to this database. It ends when this is dropped and all is written.
    pub(crate) fn start(database: Database, metrics: &Metrics) -> (Self, JoinHandle<()>) {
        let lost = metrics.register(
            "audit_rows_lost",
            "Security events that did not get into the database",
            Counter::default(),
        );
        let (events, waiting) = mpsc::channel(WAITING);
        let task = tokio::spawn(keep(database, waiting, lost.clone()));
        (Self { events, lost }, task)
    }

    /// Has an event kept.
    pub(super) fn keep(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            self.lost.inc();
        }
    }
}

async fn keep(database: Database, mut events: mpsc::Receiver<Event>, lost: Counter) {
    while let Some(first) = events.recv().await {
        let mut lot = vec![first];
        let gather = async {
            while lot.len() < LARGEST_LOT
                && let Some(event) = events.recv().await
            {
                lot.push(event);
            }
        };
        // All there is, or all there was in time.
        let _ = timeout(GATHERED, gather).await;
        let count = lot.len() as u64;
        if let Err(error) = insert(&database, &lot).await {
            tracing::warn!(%error, count, "cannot keep security events in the database");
            lost.inc_by(count);
        }
    }
}

pub(super) async fn insert(database: &Database, lot: &[Event]) -> Result<(), Unavailable> {
    // Events are texts and numbers: they are always JSON.
    let lot = serde_json::to_string(lot).unwrap_or_default();
    let work = async move |connection: &mut SqliteConnection| {
        sqlx::query("INSERT INTO audit (event) SELECT value FROM json_each(?)")
            .bind(lot)
            .execute(&mut *connection)
            .await?;
        sqlx::query("DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?")
            .bind(KEPT)
            .execute(connection)
            .await?;
        Ok(())
    };
    database.write(work).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::Kind,
        database::{Location, Nobody},
        test_service::{execute, noon},
    };

    async fn rows(database: &Database) -> (u32, Vec<String>) {
        let mut reader = database.reader().await.unwrap();
        let count = sqlx::query_scalar("SELECT count(*) FROM audit");
        let newest = sqlx::query_scalar("SELECT event FROM audit ORDER BY number DESC LIMIT 3");
        (
            count.fetch_one(&mut *reader).await.unwrap(),
            newest.fetch_all(&mut *reader).await.unwrap(),
        )
    }

    #[tokio::test]
    async fn events_are_rows_in_their_order_when_the_task_has_ended() {
        let database = Database::open(&Location::Memory, Nobody).await.unwrap();
        let (kept, task) = AuditRows::start(database.clone(), &Metrics::default());
        for kind in [Kind::LoginOk, Kind::Logout] {
            kept.keep(Event::new(kind, noon()));
        }
        drop(kept);
        task.await.unwrap();
        let newest = [
            r#"{"audit":"logout","time":"2027-01-15T08:00:00.000Z"}"#,
            r#"{"audit":"login_ok","time":"2027-01-15T08:00:00.000Z"}"#,
        ];
        assert_eq!(rows(&database).await, (2, newest.map(str::to_owned).to_vec()));
    }

    #[tokio::test]
    async fn the_oldest_make_room() {
        let database = Database::open(&Location::Memory, Nobody).await.unwrap();
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
                    INSERT INTO audit (event) SELECT '{}' FROM n";
        execute(&database, fill).await;
        let (kept, task) = AuditRows::start(database.clone(), &Metrics::default());
        for _ in 0..5 {
            kept.keep(Event::new(Kind::LoginOk, noon()));
        }
        drop(kept);
        task.await.unwrap();
        let (count, newest) = rows(&database).await;
        assert_eq!(count, KEPT);
        assert!(newest.iter().all(|event| event.contains("login_ok")), "{newest:?}");
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_counted() {
        let database = Database::open(&Location::Memory, Nobody).await.unwrap();
        database.close().await;
        let metrics = Metrics::default();
        let (kept, task) = AuditRows::start(database, &metrics);
        for _ in 0..3 {
            kept.keep(Event::new(Kind::LoginOk, noon()));
        }
        drop(kept);
        task.await.unwrap();
        assert!(metrics.render().contains("audit_rows_lost_total 3"), "{}", metrics.render());
    }
}
